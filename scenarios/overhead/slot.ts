import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Contender } from './contender.ts'

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
 * Loads one contender with wrk (one thread, 64 kept connections) and counts the CPU it takes.
 * @throws Error when an answer was not HTTP 200
 */
export async function measure(
  contender: Contender,
  core: string,
  script: string,
  seconds: number,
): Promise<Slot> {
  const before = counters(contender.pid)
  const args = ['-c', core, 'wrk', '-t1', '-c64', `-d${seconds}s`, '--latency', '-s', script]
  const { stdout } = await promisify(execFile)('taskset', [...args, contender.url])
  const after = counters(contender.pid)
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1])
  const wrong = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(stdout)
  if (wrong !== null || !(requests > 0))
    throw new Error(`${contender.name}: ${wrong?.[0] ?? stdout}`)
  const own = after.own - before.own
  const busy = after.busy - before.busy
  return {
    cpuUs: contender.pid === null ? Number.NaN : (own / ticksPerSecond / requests) * 1e6,
    requestsPerSecond: requests / seconds,
    p50Ms: milliseconds(/^\s+50%\s+(\S+)/m.exec(stdout)?.[1]),
    p99Ms: milliseconds(/^\s+99%\s+(\S+)/m.exec(stdout)?.[1]),
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

/** `1.23ms`, `456.00us` or `1.02s` of wrk, in milliseconds. */
function milliseconds(text: string | undefined): number {
  const [, amount = Number.NaN, unit] = /^([\d.]+)(us|ms|s)$/.exec(text ?? '') ?? []
  return Number(amount) * (unit === 'us' ? 0.001 : unit === 's' ? 1_000 : 1)
}
