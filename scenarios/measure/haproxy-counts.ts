/** Calls of one server, as HAProxy counts them. */
export type ServerCount = { readonly id: string; readonly calls: number; readonly errors: number }

/**
 * Reads `stats;csv`: for each server of the backend `nodes` the sessions it was given (one a request,
 * since HTTP connections are shared) and its connection and response errors.
 * @throws Error for what is no such table
 */
export function haproxyCounts(csv: string): readonly ServerCount[] {
  const [head = '', ...lines] = csv.trim().split('\n')
  const columns = head.replace(/^# /, '').split(',')
  const place = (name: string): number => {
    const index = columns.indexOf(name)
    if (index < 0) throw new Error(`HAProxy's table has no column ${name}`)
    return index
  }
  const [backend, server, sessions] = [place('pxname'), place('svname'), place('stot')]
  const failures = [place('econ'), place('eresp')]
  return lines
    .map((line) => line.split(','))
    .filter((cells) => cells[backend] === 'nodes' && cells[server] !== 'BACKEND')
    .map((cells) => ({
      id: cells[server] ?? '',
      calls: Number(cells[sessions]),
      errors: failures.reduce((sum, column) => sum + Number(cells[column]), 0),
    }))
}
