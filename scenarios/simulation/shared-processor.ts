import { CallHeap } from './call-heap.ts'
import type { Processor, ProcessorCounters, QuotaOptions } from './processor.ts'
import { Quota } from './quota.ts'

export type SharedProcessorOptions = {
  /** What it may use at most, in cores; the quota where there is one. */
  readonly cores: number
  /** Work of a core in a millisecond, 1 for the core that costs are measured on. */
  readonly speed: number
  /** Calls served at once, others wait in order of arrival; null: all. */
  readonly workers: number | null
  /** With a quota, calls run at full speed on so many cores until it is used up. */
  readonly quota: { readonly cfs: QuotaOptions; readonly hostCores: number } | null
}

/** However much is stolen, so much of a node is left. */
const leastShare = 0.08

/**
 * A processor shared evenly by all that runs on it, the usual model of a computer under load: with
 * n runnable and c cores each gets min(1, c ÷ n) of a core. Kept in virtual time (what each call in
 * service has been given since the beginning), so that a step costs O(log n) and not O(n).
 *
 * @see Kleinrock, "Queueing Systems" vol. 2, 1976, chapter 4.
 */
export class SharedProcessor implements Processor {
  readonly #options: SharedProcessorOptions
  readonly #quota: Quota | null
  /** Calls in service by the virtual time at which they end. */
  readonly #served = new CallHeap()
  readonly #waiting: { readonly call: number; readonly workMs: number }[] = []
  #virtualMs = 0
  #nowMs = 0
  #others = 0
  #stolen = 0
  #usedMs = 0
  #waitedMs = 0

  constructor(options: SharedProcessorOptions) {
    this.#options = options
    const { cores, quota } = options
    this.#quota = quota === null ? null : new Quota(cores, quota.cfs)
  }

  get counters(): ProcessorCounters {
    return {
      usedMs: this.#usedMs,
      waitedMs: this.#waitedMs,
      throttledMs: this.#quota?.throttledMs ?? 0,
      periods: this.#quota?.periods ?? 0,
      throttledPeriods: this.#quota?.throttledPeriods ?? 0,
    }
  }

  /**
   * What else runs from now on.
   * @param runnable threads of the node's own, such as the import of a block: they show in its use
   * @param stolen share of the cores that others outside of the node take: shows in pressure alone
   */
  disturb(runnable: number, stolen: number): void {
    this.#others = runnable
    this.#stolen = stolen
  }

  add(call: number, workMs: number): void {
    const { workers } = this.#options
    if (workers !== null && this.#served.length >= workers) this.#waiting.push({ call, workMs })
    else this.#served.push(this.#virtualMs + workMs, call)
  }

  advance(nowMs: number): void {
    const forMs = nowMs - this.#nowMs
    if (forMs <= 0) return
    const runnable = this.#served.length + this.#others
    const used = this.#usedCores() * forMs
    this.#virtualMs += this.#rate() * forMs
    this.#usedMs += used
    if (this.#quota === null) {
      if (runnable + this.#waiting.length > this.#available() + 1e-7) this.#waitedMs += forMs
    } else if (this.#quota.isUsedUp) {
      if (runnable > 0) {
        this.#waitedMs += forMs
        this.#quota.throttle(forMs)
      }
    } else this.#quota.use(used)
    this.#nowMs = nowMs
  }

  takeEnded(): number {
    if (this.#served.length === 0 || this.#served.least > this.#virtualMs + 1e-7) return -1
    const ended = this.#served.pop()
    const next = this.#waiting.shift()
    if (next !== undefined) this.#served.push(this.#virtualMs + next.workMs, next.call)
    return ended
  }

  nextMs(): number {
    const rate = this.#rate()
    const endMs =
      rate > 0 && this.#served.length > 0
        ? Math.max(0, (this.#served.least - this.#virtualMs) / rate)
        : Number.POSITIVE_INFINITY
    return this.#nowMs + Math.min(endMs, this.#untilUsedUpMs())
  }

  beginPeriod(): void {
    this.#quota?.begin()
  }

  #untilUsedUpMs(): number {
    const cores = this.#usedCores()
    if (this.#quota === null || cores === 0) return Number.POSITIVE_INFINITY
    return Math.max(0, this.#quota.leftMs / cores)
  }

  #available(): number {
    return this.#options.cores * Math.max(leastShare, 1 - this.#stolen)
  }

  /** Cores that can run now. */
  #parallel(): number {
    if (this.#quota === null) return this.#available()
    return this.#quota.isUsedUp ? 0 : (this.#options.quota?.hostCores ?? 0)
  }

  #usedCores(): number {
    return Math.min(this.#served.length + this.#others, this.#parallel())
  }

  /** Work that each call in service is given in a millisecond. */
  #rate(): number {
    const runnable = this.#served.length + this.#others
    if (runnable === 0) return 0
    return this.#options.speed * Math.min(1, this.#parallel() / runnable)
  }
}
