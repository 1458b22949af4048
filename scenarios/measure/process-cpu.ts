import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'

/** Linux counts a process's time in ticks of 10 ms on every machine that Node runs on. */
const ticksPerSecond = 100

/**
 * CPU seconds that a process and its threads have used since it started; null where there is no
 * `/proc`, or no such process any more.
 */
export async function processCpuSeconds(pid: number): Promise<number | null> {
  let stat: string
  try {
    stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return null
  }
  // The name, in brackets, may hold spaces and brackets; user and system time are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  return Number.isFinite(ticks) ? ticks / ticksPerSecond : null
}

/** CPU seconds that all programs of the machine have used since it started. */
export function machineCpuSeconds(): number {
  let busyMs = 0
  for (const { times } of cpus()) busyMs += times.user + times.nice + times.sys + times.irq
  return busyMs / 1000
}
