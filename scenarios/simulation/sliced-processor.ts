import type { Processor, ProcessorCounters, QuotaOptions } from './processor.ts'
import { Quota } from './quota.ts'
import { QuotaNeighbour } from './quota-neighbour.ts'

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
  /** What a call costs more after a rest. */
  readonly cold?: Cold
}

/** How a program with a collector works: `share` of its CPU in bursts of `burstMs`, in [0, 1). */
type Garbage = { readonly share: number; readonly burstMs: number }

/**
 * A program that rested finds its memory gone from the caches, which it shares with others: a call
 * then takes `mostMs` (1 − exp(−rest ÷ `tauMs`)) more CPU.
 */
type Cold = { readonly mostMs: number; readonly tauMs: number }

const neverCold: Cold = { mostMs: 0, tauMs: 1 }
const noGarbage: Garbage = { share: 0, burstMs: Number.POSITIVE_INFINITY }

type Run = { readonly call: number; leftMs: number; sliceLeftMs: number }

const noneMs = 1e-7

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
  /** Of the host. */
  #cores = Number.POSITIVE_INFINITY
  #neighbour = new QuotaNeighbour(0, 0)
  /** CPU that calls have left to the collector, and of the collection under way. */
  #litterMs = 0
  #collectMs = 0
  /** Since when it has had no call. */
  #restsFromMs = 0
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

  /** Another process of the same cgroup uses so many cores from now on, where it can. */
  shareQuota(cores: number): void {
    this.#neighbour = new QuotaNeighbour(cores, this.#nowMs)
  }

  /** So many cores of the host are given to its threads from now on, evenly. */
  runOn(cores: number): void {
    this.#cores = cores
  }

  add(call: number, workMs: number): void {
    const { garbage = noGarbage, sliceMs } = this.#options
    const litterMs = workMs * garbage.share
    const leftMs = workMs - litterMs + this.#coldMs
    this.#queue.push({ call, leftMs, sliceLeftMs: sliceMs })
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
      if (this.#wanting > 0) {
        this.#quota.throttle(forMs)
        this.#waitedMs += forMs
      }
    } else this.#spend(forMs)
    this.#neighbour.wake(nowMs)
  }

  takeEnded(): number {
    return this.#ended.pop() ?? -1
  }

  nextMs(): number {
    if (this.#quota.isUsedUp) return Number.POSITIVE_INFINITY
    const { wakesMs, wantsMs } = this.#neighbour
    const share = this.#share
    if (this.#wanting === 0 || share === 0) return wakesMs
    let runMs = this.#quota.leftMs / this.#wanting
    if (this.#collectMs > noneMs) runMs = Math.min(runMs, this.#collectMs)
    if (wantsMs > 0) runMs = Math.min(runMs, wantsMs)
    const isWaitedFor = this.#queue.length > 0
    for (const run of this.#running) {
      runMs = Math.min(runMs, run.leftMs, isWaitedFor ? run.sliceLeftMs : Number.POSITIVE_INFINITY)
    }
    return Math.min(wakesMs, this.#nowMs + Math.max(0, runMs) / share)
  }

  beginPeriod(): void {
    this.#quota.begin()
  }

  get #isResting(): boolean {
    return this.#running.length === 0 && this.#queue.length === 0
  }

  get #coldMs(): number {
    if (!this.#isResting) return 0
    const { mostMs, tauMs } = this.#options.cold ?? neverCold
    return mostMs * (1 - Math.exp((this.#restsFromMs - this.#nowMs) / tauMs))
  }

  /** Threads that would run if there were quota: of calls, of the collector, of the neighbour. */
  get #wanting(): number {
    const collectors = this.#collectMs > noneMs ? 1 : 0
    return this.#running.length + collectors + (this.#neighbour.wantsMs > 0 ? 1 : 0)
  }

  /** What each of them gets of a core, in [0, 1]. */
  get #share(): number {
    return Math.min(1, this.#cores / Math.max(1, this.#wanting))
  }

  #spend(forMs: number): void {
    const ranMs = forMs * this.#share
    const collectedMs = Math.min(ranMs, this.#collectMs)
    const takenMs = this.#neighbour.run(ranMs)
    if (this.#running.length > 0) this.#waitedMs += forMs - ranMs
    this.#collectMs -= collectedMs
    const usedMs = ranMs * this.#running.length + collectedMs + takenMs
    this.#quota.use(usedMs)
    this.#usedMs += usedMs
    this.#run(ranMs)
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
        if (this.#isResting) this.#restsFromMs = this.#nowMs
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
