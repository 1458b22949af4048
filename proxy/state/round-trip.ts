/** The round trip is not forgotten faster than this share a call. */
const growth = 1e-4

/** Calls of which the least latency is taken before it counts. */
const leastSamples = 8

/** How long a call of no cost takes, there and back: the least of what latencies leave. */
export class RoundTrip {
  #leastMs = Number.POSITIVE_INFINITY
  #samples = 0

  /** Milliseconds, not negative; 0 until enough calls were seen. The first meets a cold connection. */
  get ms(): number {
    return this.#samples >= leastSamples ? this.#leastMs : 0
  }

  /** A call that is said to cost `cpuMs` took `latencyMs`: most of the cost is taken off, so that heavy ones tell too. */
  learn(latencyMs: number, cpuMs: number): void {
    const overMs = Math.max(0, latencyMs - 0.8 * cpuMs)
    this.#leastMs = Math.min(overMs, this.#leastMs * (1 + growth))
    this.#samples += 1
  }
}
