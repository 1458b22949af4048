import { readFileSync } from 'node:fs'
import type { Contender } from './contender.ts'
import type { Load } from './load.ts'

/** One measurement of one contender. */
export type Slot = {
  /** CPU time of the proxy's process ÷ requests, microseconds; NaN for a node itself. */
  readonly cpuUs: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Share of the proxy's core that other processes took, in [0, 1]. */
  readonly foreign: number
}

/** Ticks of utime and stime a second (sysconf(_SC_CLK_TCK), 100 on every Linux of today). */
const ticksPerSecond = 100

/**
 * Loads one contender and counts the CPU it takes.
 * @throws Error when an answer was wrong
 */
export async function measure(contender: Contender, load: Load, seconds: number): Promise<Slot> {
  const before = counters(contender.pid)
  const { requests, p50Ms, p99Ms } = await load(contender.url, seconds)
  const after = counters(contender.pid)
  const own = after.own - before.own
  const busy = after.busy - before.busy
  return {
    cpuUs: contender.pid === null ? Number.NaN : (own / ticksPerSecond / requests) * 1e6,
    requestsPerSecond: requests / seconds,
    p50Ms,
    p99Ms,
    foreign: Math.max(0, (busy - own) / (after.all - before.all)),
  }
}

/** Ticks of the process, and of the proxies' core: busy and in all. */
function counters(pid: number | null): { own: number; busy: number; all: number } {
  const line = /^cpu0 (.*)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? ''
  const ticks = line.split(' ').slice(0, 8).map(Number)
  const all = ticks.reduce((sum, n) => sum + n, 0)
  const busy = all - (ticks[3] ?? 0) - (ticks[4] ?? 0)
  if (pid === null) return { own: 0, busy, all }
  // The name in brackets may hold spaces; fields are counted behind it (proc(5)).
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')
  return { own: Number(stat[11]) + Number(stat[12]), busy, all }
}
