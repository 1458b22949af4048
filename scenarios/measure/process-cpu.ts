import { readFileSync } from 'node:fs'
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

/**
 * CPU seconds since the machine started in which one of its programs would have run, had the host of this
 * virtual machine not given the CPU to another; 0 where that is not told.
 */
export function stolenCpuSeconds(): number {
  try {
    return stolenSeconds(readFileSync('/proc/stat', 'utf8'))
  } catch {
    return 0
  }
}

/** The same of the text of `/proc/stat`: the eighth figure of its first line, in ticks (proc_stat(5)). */
export function stolenSeconds(stat: string): number {
  const [, ...ticks] = (stat.split('\n')[0] ?? '').split(/\s+/)
  return Number(ticks[7] ?? 0) / ticksPerSecond
}
