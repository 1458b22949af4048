import type { Processor, ProcessorCounters, QuotaOptions } from './processor.ts'
import { Quota } from './quota.ts'

export type SlicedProcessorOptions = {
  /** Quota ÷ period, in cores. */
  readonly cores: number
  readonly quota: QuotaOptions
  /** Calls that run at once. */
  readonly threads: number
  /** How long a call runs before the next one in the queue gets its thread. */
  readonly sliceMs: number
  /** Of the CPU that calls take, this share is used after them, to collect what they left. */
  readonly garbage?: Garbage
}

/** How a program with a collector works: `share` of its CPU in bursts of `burstMs`, in [0, 1). */
type Garbage = { readonly share: number; readonly burstMs: number }

const noGarbage: Garbage = { share: 0, burstMs: Number.POSITIVE_INFINITY }

type Run = { readonly call: number; leftMs: number; sliceLeftMs: number }

const noneMs = 1e-7

/**
 * So much of what it was kept from does a neighbour make up for, which works a part of every 10 ms:
 * fitted to what was measured beside one (see the README), where 4 is too little and 10 too much.
 */
const mostOwedMs = 6

/**
 * A Go program under a CFS quota: calls run on a few threads, the others wait in one queue in order
 * of arrival, and a call that has run for a slice goes to its end. All of it stands still once the
 * quota of the period is used up. On a node with k other calls in flight a light one therefore
 * waits for slices of theirs, even while there is quota.
 *
 * Of the two threads that Go has on such a node one is all that calls get: measured on Geth, a light
 * call waits 0, 6, 16 and 20 ms behind 0, 1, 2 and 3 others, where two free threads would let it pass
 * one of them. Collecting garbage, the network poller and the host's scheduler take the rest.
 *
 * @see src/runtime/proc.go of Go: sysmon takes the thread from a goroutine after 10 ms.
 */
export class SlicedProcessor implements Processor {
  readonly #options: SlicedProcessorOptions
  readonly #quota: Quota
  readonly #running: Run[] = []
  readonly #queue: Run[] = []
  readonly #ended: number[] = []
  #nowMs = 0
  #share = 1
  #neighbourCores = 0
  /** CPU that the neighbour was kept from using and makes up for. */
  #owedMs = 0
  /** CPU that calls have left to the collector, and of the collection under way. */
  #litterMs = 0
  #collectMs = 0
  #usedMs = 0
  #waitedMs = 0

  constructor(options: SlicedProcessorOptions) {
    this.#options = options
    this.#quota = new Quota(options.cores, options.quota)
  }

  get counters(): ProcessorCounters {
    return {
      usedMs: this.#usedMs,
      waitedMs: this.#waitedMs,
      throttledMs: this.#quota.throttledMs,
      periods: this.#quota.periods,
      throttledPeriods: this.#quota.throttledPeriods,
    }
  }

  /** Threads that want a core of the host now. */
  get runnable(): number {
    return this.#quota.isUsedUp ? 0 : this.#wanting
  }

  /** Another process of the same cgroup uses so many cores from now on, if not now then later. */
  shareQuota(cores: number): void {
    this.#neighbourCores = cores
    this.#owedMs = 0
  }

  /** What a thread gets of a core of the host from now on, in (0, 1]. */
  runAt(share: number): void {
    this.#share = share
  }

  add(call: number, workMs: number): void {
    const { garbage = noGarbage, sliceMs } = this.#options
    const litterMs = workMs * garbage.share
    this.#queue.push({ call, leftMs: workMs - litterMs, sliceLeftMs: sliceMs })
    this.#litterMs += litterMs
    if (this.#litterMs >= garbage.burstMs) {
      this.#collectMs += this.#litterMs
      this.#litterMs = 0
    }
    this.#fill()
  }

  advance(nowMs: number): void {
    const forMs = nowMs - this.#nowMs
    if (forMs <= 0) return
    this.#nowMs = nowMs
    if (this.#quota.isUsedUp) {
      if (this.#wanting === 0) return
      this.#quota.throttle(forMs)
      this.#waitedMs += forMs
      this.#owedMs = Math.min(mostOwedMs, this.#owedMs + forMs * this.#neighbourCores)
      return
    }
    const ranMs = forMs * this.#share
    const collectedMs = Math.min(ranMs, this.#collectMs)
    this.#collectMs -= collectedMs
    const used = ranMs * this.#running.length + this.#runNeighbour(forMs, ranMs) + collectedMs
    this.#quota.use(used)
    this.#usedMs += used
    if (this.#running.length > 0) this.#waitedMs += forMs * (1 - this.#share)
    this.#run(ranMs)
  }

  takeEnded(): number {
    return this.#ended.pop() ?? -1
  }

  nextMs(): number {
    if (this.#quota.isUsedUp) return Number.POSITIVE_INFINITY
    if (this.runnable === 0) return Number.POSITIVE_INFINITY
    const neighbour = this.#owedMs > noneMs ? 1 : this.#neighbourCores / this.#share
    let runMs = this.#quota.leftMs / (this.#running.length + neighbour + this.#collectors)
    if (this.#collectors > 0) runMs = Math.min(runMs, this.#collectMs)
    // On a crowded host a neighbour may get less than it wants: then it goes on owing.
    const catchUp = 1 - this.#neighbourCores / this.#share
    if (this.#owedMs > noneMs && catchUp > 0) runMs = Math.min(runMs, this.#owedMs / catchUp)
    const isWaitedFor = this.#queue.length > 0
    for (const run of this.#running) {
      runMs = Math.min(runMs, run.leftMs, isWaitedFor ? run.sliceLeftMs : Number.POSITIVE_INFINITY)
    }
    return this.#nowMs + Math.max(0, runMs) / this.#share
  }

  beginPeriod(): void {
    this.#quota.begin()
  }

  /** Threads that would run if there were quota. */
  get #wanting(): number {
    return this.#running.length + this.#neighbourThreads + this.#collectors
  }

  get #neighbourThreads(): number {
    return this.#owedMs > noneMs ? 1 : this.#neighbourCores
  }

  /** Threads that collect garbage. */
  get #collectors(): number {
    return this.#collectMs > noneMs ? 1 : 0
  }

  /** @returns core-milliseconds that the neighbour used */
  #runNeighbour(forMs: number, ranMs: number): number {
    const wantedMs = forMs * this.#neighbourCores
    if (this.#owedMs <= noneMs) return wantedMs
    this.#owedMs = Math.min(mostOwedMs, Math.max(0, this.#owedMs + wantedMs - ranMs))
    return ranMs
  }

  #run(ranMs: number): void {
    const { sliceMs } = this.#options
    for (let i = this.#running.length - 1; i >= 0; i -= 1) {
      const run = this.#running[i]
      if (run === undefined) continue
      run.leftMs -= ranMs
      run.sliceLeftMs -= ranMs
      if (run.leftMs <= noneMs) {
        this.#ended.push(run.call)
        this.#running.splice(i, 1)
      } else if (run.sliceLeftMs <= noneMs) {
        // Nobody waited: the slice is not a reason to stop, but the clock of slices goes on.
        while (run.sliceLeftMs <= noneMs) run.sliceLeftMs += sliceMs
        if (this.#queue.length > 0) {
          this.#running.splice(i, 1)
          run.sliceLeftMs = sliceMs
          this.#queue.push(run)
        }
      }
    }
    this.#fill()
  }

  #fill(): void {
    while (this.#running.length < this.#options.threads) {
      const next = this.#queue.shift()
      if (next === undefined) return
      this.#running.push(next)
    }
  }
}
