import { availableParallelism, totalmem } from 'node:os'
import type { Clock } from '../clock.ts'
import { type Machine, ProcessGone, type Sample, type Source } from './source.ts'

/** One `ps` reads all processes and takes 5-20 ms of CPU, so it runs seldom. */
const psIntervalMs = 1000

/** What `ps` knows of one process. */
export type Usage = {
  /** CPU milliseconds so far, user and system; on Linux in steps of 1 s, on macOS of 10 ms. */
  readonly ctime: number
  /** Bytes resident; 0 of a process that has ended and that nobody has waited for. */
  readonly memory: number
  /** Milliseconds since it began, in steps of 1 s. */
  readonly elapsed: number
}

/** Reads processes by pid. Those that do not run are left out. */
export type ReadUsage = (pids: readonly number[]) => Promise<ReadonlyMap<number, Usage>>

type Reading = { readonly atMs: number; readonly usages: ReadonlyMap<number, Usage> }

/**
 * CPU and memory of processes as `ps` tells them, for machines without `/proc` (macOS). It knows
 * nothing of pressure, limits, disk and network, and those are left out.
 */
export class PsTable implements Machine {
  readonly #read: ReadUsage
  readonly #clock: Clock
  readonly #log: (line: string) => void
  /** How many sources read each pid. */
  readonly #pids = new Map<number, number>()
  #running: Promise<void> | undefined
  #reading: Reading | undefined
  #problem = ''

  constructor(read: ReadUsage, clock: Clock, log: (line: string) => void) {
    this.#read = read
    this.#clock = clock
    this.#log = log
  }

  open(pid: number): Source {
    this.#pids.set(pid, (this.#pids.get(pid) ?? 0) + 1)
    const openedAtMs = this.#clock.nowMs()
    let last: Usage | undefined
    return {
      name: 'ps',
      sample: () => {
        const reading = this.#reading
        // One that began before this process was named does not know of it.
        if (reading === undefined || reading.atMs < openedAtMs) return undefined
        const usage = reading.usages.get(pid)
        if (usage === undefined || usage.memory === 0 || isAnother(last, usage)) {
          throw new ProcessGone(`no process ${pid}`)
        }
        last = usage
        return sampleOf(usage, reading.atMs)
      },
      glance: () => undefined,
      close: () => {
        const left = (this.#pids.get(pid) ?? 1) - 1
        if (left > 0) this.#pids.set(pid, left)
        else this.#pids.delete(pid)
      },
    }
  }

  /** Where there is no `/proc`, containers run in a machine of their own, whose processes are not ours. */
  openContainer(): undefined {
    return undefined
  }

  /** Starts the next reading when it is due and none is under way; it is there by a later tick. */
  refresh(): void {
    const ageMs = this.#clock.nowMs() - (this.#reading?.atMs ?? Number.NEGATIVE_INFINITY)
    if (this.#running !== undefined || this.#pids.size === 0 || ageMs < psIntervalMs) return
    this.#running = this.#readAll().finally(() => {
      this.#running = undefined
    })
  }

  async close(): Promise<void> {
    await this.#running
  }

  /** Says once what goes wrong, and again when it is something else; the last reading grows old. */
  async #readAll(): Promise<void> {
    const atMs = this.#clock.nowMs()
    try {
      this.#reading = { atMs, usages: await this.#read([...this.#pids.keys()]) }
      this.#problem = ''
    } catch (error) {
      const problem = `ps: ${error instanceof Error ? error.message.trim() : String(error)}`
      if (problem !== this.#problem) this.#log(problem)
      this.#problem = problem
    }
  }
}

/** The pid was used again: a process only grows older, give or take a step. */
function isAnother(before: Usage | undefined, now: Usage): boolean {
  return before !== undefined && (now.elapsed < before.elapsed - 1000 || now.ctime < before.ctime)
}

function sampleOf(usage: Usage, atMs: number): Sample {
  return {
    atMs,
    epoch: 0,
    cpuUsageS: usage.ctime / 1000,
    memCurrentBytes: usage.memory,
    cpus: availableParallelism(),
    memLimitBytes: totalmem(),
  }
}

/**
 * Reads through the package `pidusage`, which knows the dialects of `ps`. It is optional and only
 * loaded here: an agent on Linux never needs it.
 */
export const readUsage: ReadUsage = async (pids) => {
  const { default: pidusage } = (await import(packageName)) as { default: PidUsage }
  try {
    // Without `maxage` it keeps a history for shares of its own making, which we do not use.
    const found = await pidusage([...pids], { usePs: true, maxage: 0 })
    return new Map(Object.values(found).map((usage) => [usage.pid, usage]))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map()
    throw error
  }
}

/** Not a literal, because the package has no types of its own. */
const packageName: string = 'pidusage'

type PidUsage = (
  pids: number[],
  options: { usePs: boolean; maxage: number },
) => Promise<Record<string, Usage & { readonly pid: number }>>
