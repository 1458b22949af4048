/** What a processor counts up from the beginning, in milliseconds: the model of a cgroup's files. */
export type ProcessorCounters = {
  /** Core-milliseconds used, by calls and by what is not ours. */
  readonly usedMs: number
  /** Time in which something waited for a core: pressure, `some`. */
  readonly waitedMs: number
  /** Time in which the quota was used up with something left to run. */
  readonly throttledMs: number
  /** CFS periods in which something ran, and those of them that ended throttled. */
  readonly periods: number
  readonly throttledPeriods: number
}

/**
 * Works off calls. It knows no agenda: who owns it advances it, takes what has ended, and asks when
 * something will change next. All times are milliseconds of the simulation.
 */
export type Processor = {
  readonly counters: ProcessorCounters
  /** A call begins that needs `workMs` milliseconds of a core that has nothing else to do. */
  add(call: number, workMs: number): void
  /** Brings it to `nowMs`; never back. */
  advance(nowMs: number): void
  /** A call that has ended and was not taken yet, or -1. */
  takeEnded(): number
  /** When something will change next if nothing is added; infinite when it is idle. */
  nextMs(): number
  /** A CFS period begins. Does nothing where there is no quota. */
  beginPeriod(): void
}

/** The CFS bandwidth control of one cgroup. */
export type QuotaOptions = {
  readonly periodMs: number
  /** Quota that was left over and may be used later, in core-milliseconds; 0 as Docker sets it. */
  readonly burstMs: number
}

/** Docker's and Kubernetes' period, no burst. */
export const usualQuota: QuotaOptions = { periodMs: 100, burstMs: 0 }
