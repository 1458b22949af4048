import type { QuotaOptions } from './processor.ts'

/** Less than this is nothing left: far below any work, above the rounding of a simulated hour. */
const noneMs = 1e-7

/**
 * The quota of one cgroup: what may still run in this period of the CFS bandwidth control.
 *
 * @see Turner, Rao, Rao, "CPU bandwidth control for CFS", Linux Symposium 2010. The kernel hands the
 * quota out to each CPU in slices of 5 ms and takes back what is not used; here it is one bucket.
 */
export class Quota {
  readonly #quotaMs: number
  readonly #burstMs: number
  #leftMs: number
  #wasUsed = false
  #isThrottled = false
  periods = 0
  throttledPeriods = 0
  throttledMs = 0

  /** @param cores quota ÷ period */
  constructor(cores: number, { periodMs, burstMs }: QuotaOptions) {
    this.#quotaMs = cores * periodMs
    this.#burstMs = burstMs
    this.#leftMs = this.#quotaMs
  }

  get isUsedUp(): boolean {
    return this.#leftMs <= noneMs
  }

  get leftMs(): number {
    return this.#leftMs
  }

  use(coreMs: number): void {
    this.#leftMs -= coreMs
    if (coreMs > 0) this.#wasUsed = true
  }

  /** Something was kept from running for so long. */
  throttle(forMs: number): void {
    this.throttledMs += forMs
    if (forMs > 0) this.#isThrottled = true
  }

  /** The kernel's timer stops while a cgroup is idle, so that only periods in use are counted. */
  begin(): void {
    if (this.#wasUsed || this.#isThrottled) this.periods += 1
    if (this.#isThrottled) this.throttledPeriods += 1
    this.#wasUsed = false
    this.#isThrottled = false
    this.#leftMs = Math.min(
      this.#quotaMs + this.#burstMs,
      this.#quotaMs + Math.max(0, this.#leftMs),
    )
  }
}
