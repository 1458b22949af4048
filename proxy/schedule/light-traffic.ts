/** The past counts for about so long. */
const memoryMs = 1_000

/**
 * How many light calls come. Those only count; the clock is looked at when somebody asks, so that
 * light calls, the most frequent ones, do not pay for it.
 */
export class LightTraffic {
  #perMs = 0
  #calls = 0
  #countedFromMs: number | null = null

  /** A light call came. */
  add(): void {
    this.#calls += 1
  }

  /** Calls a millisecond, lately; 0 until it is asked for the second time. */
  perMs(nowMs: number): number {
    const fromMs = this.#countedFromMs
    if (fromMs === null) this.#countedFromMs = nowMs
    if (fromMs === null || nowMs <= fromMs) return this.#perMs
    const elapsedMs = nowMs - fromMs
    const kept = Math.exp(-elapsedMs / memoryMs)
    this.#perMs = kept * this.#perMs + ((1 - kept) * this.#calls) / elapsedMs
    this.#calls = 0
    this.#countedFromMs = nowMs
    return this.#perMs
  }
}
