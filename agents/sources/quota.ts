import type { KeptFile } from './kept-file.ts'
import { field } from './kernel-text.ts'
import { Pace } from './pace.ts'
import type { Sample } from './source.ts'

/** CPU time that a group may use in each period, in the kernel's own microseconds. */
export type Quota = { readonly quotaUs: number; readonly periodUs: number }

/** One group on the way from a process to the root: its quota, read anew, and its throttling. */
export type QuotaLevel = {
  /** Undefined when this group has no quota. */
  read(): Quota | undefined
  /** `cpu.stat`, with `nr_periods`. */
  readonly stat: KeptFile | undefined
  close(): void
}

/** How `cpu.stat` names the throttled time, and how many of its units make a second. */
export type ThrottledField = { readonly name: string; readonly perS: number }

/**
 * The quota that binds a process: the tightest on the way to the root (in Kubernetes the pod's may
 * be tighter than the container's).
 */
export class QuotaLevels {
  readonly #levels: readonly QuotaLevel[]
  readonly #throttled: ThrottledField
  readonly #pace = new Pace()
  /** Of the levels above the first, as they were when last looked at. */
  #above: readonly (Quota | undefined)[] = []
  #binding: QuotaLevel | undefined

  constructor(levels: readonly QuotaLevel[], throttled: ThrottledField) {
    this.#levels = levels
    this.#throttled = throttled
  }

  /** Lowers `into.cpus` to what the quotas leave, those above the first as of the last second; with `isOwn`, fills in quota and throttling too. */
  read(into: Sample, isOwn: boolean): void {
    let tightest: Quota | undefined
    this.#binding = undefined
    if (this.#pace.isDue(into.atMs)) this.#above = this.#levels.slice(1).map((one) => one.read())
    for (const [i, level] of this.#levels.entries()) {
      const quota = i === 0 ? level.read() : this.#above[i - 1]
      if (quota === undefined) continue
      if (tightest !== undefined && cpusOf(quota) >= cpusOf(tightest)) continue
      tightest = quota
      this.#binding = level
    }
    if (tightest === undefined) return
    lowerCpus(into, cpusOf(tightest))
    if (!isOwn) return
    into.quotaS = tightest.quotaUs / 1e6
    into.periodS = tightest.periodUs / 1e6
    this.readThrottling(into)
  }

  /** Periods begun so far by the quota that bound at the last reading; undefined without one. */
  periods(): number | undefined {
    const stat = this.#binding?.stat?.text()
    return stat === undefined ? undefined : field(stat, 'nr_periods')
  }

  close(): void {
    for (const level of this.#levels) level.close()
  }

  /** Fills in what the quota that bound at the last reading has done since. */
  readThrottling(into: Sample): void {
    const stat = this.#binding?.stat?.text()
    if (stat === undefined) return
    const nrPeriods = field(stat, 'nr_periods')
    const nrThrottled = field(stat, 'nr_throttled')
    const throttled = field(stat, this.#throttled.name)
    if (nrPeriods !== undefined) into.nrPeriods = nrPeriods
    if (nrThrottled !== undefined) into.nrThrottled = nrThrottled
    if (throttled !== undefined) into.throttledS = throttled / this.#throttled.perS
  }
}

function cpusOf(quota: Quota): number {
  return quota.quotaUs / quota.periodUs
}

/** Capacity is the least of all limits that bind. */
export function lowerCpus(into: Sample, cpus: number | undefined): void {
  if (cpus !== undefined && cpus > 0) into.cpus = Math.min(into.cpus ?? cpus, cpus)
}

/** As {@link lowerCpus}, in bytes. A limit above all memory there is (v1 writes 2⁶³) changes nothing. */
export function lowerMemLimit(into: Sample, bytes: number | undefined): void {
  if (bytes === undefined || bytes <= 0) return
  into.memLimitBytes = Math.min(into.memLimitBytes ?? bytes, bytes)
}
