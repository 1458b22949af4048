import type { Table } from '../report/table-form.ts'
import type { BroughtUp } from './bring-up.ts'

/** What the paper measured for one command from nothing to a network with contracts, in seconds. */
const paperS: ReadonlyMap<number, number> = new Map([
  [3, 132],
  [11, 202],
])

/** One line a network: its steps, all of it, and what the paper took. Seconds. */
export function tableOf(done: readonly BroughtUp[]): Table {
  const names = [...new Set(done.flatMap(({ steps }) => steps.map(({ name }) => name)))]
  return {
    title: 'From nothing to a network with agent, proxy and contracts, in seconds',
    columns: ['nodes', ...names, 'total', 'paper'],
    rows: done.map(({ nodes, isCold, steps, totalMs }) => [
      isCold ? `${nodes}, nothing kept` : String(nodes),
      ...names.map((name) => seconds(steps.find((step) => step.name === name)?.ms)),
      seconds(totalMs),
      paperS.get(nodes)?.toString() ?? '–',
    ]),
    note: 'The paper gives 132 to 202 s for 3 to 11 nodes.',
  }
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? '–' : (ms / 1000).toFixed(2)
}
