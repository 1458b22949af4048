/** The round trip is not forgotten faster than this share a call. */
const growth = 1e-4

/** Calls of which the least latency is taken before it counts. */
const leastSamples = 8

/**
 * A light call on the same machine takes 0.2 to 0.5 ms, most of which is its own work: so much is not
 * taken for the way there and back, ms.
 */
const ownMs = 0.5

/** How long a call of no cost takes, there and back: the least of what latencies leave. */
export class RoundTrip {
  #leastMs = Number.POSITIVE_INFINITY
  #samples = 0

  /** Milliseconds, not negative; 0 until enough calls were seen. The first meets a cold connection. */
  get ms(): number {
    return this.#samples >= leastSamples ? Math.max(0, this.#leastMs - ownMs) : 0
  }

  /**
   * A call that is said to cost `cpuMs` took `latencyMs`: most of the cost is taken off, so that heavy
   * ones tell too. One that took less than that was said to cost too much, and tells no more than that
   * the way is not longer than all of it: a way of nothing would be believed for ever.
   */
  learn(latencyMs: number, cpuMs: number): void {
    const overMs = latencyMs > cpuMs ? latencyMs - 0.8 * cpuMs : latencyMs
    this.#leastMs = Math.min(overMs, this.#leastMs * (1 + growth))
    this.#samples += 1
  }
}
