import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
} from 'hdr-histogram-js'

/** The longest latency told apart; longer ones count as this. */
const longestMs = 3_600_000

/**
 * Latencies in milliseconds, each kept to three digits (an error of at most 0.1 %) in a histogram of
 * microseconds, however many there are. Their sum is exact.
 */
export class Latencies {
  readonly #histogram: Histogram
  #sumMs: number

  private constructor(histogram: Histogram, sumMs: number) {
    this.#histogram = histogram
    this.#sumMs = sumMs
  }

  static empty(): Latencies {
    return new Latencies(build({ numberOfSignificantValueDigits: 3 }), 0)
  }

  /**
   * What {@link Latencies.encoded} and {@link Latencies.meanMs} gave.
   * @throws Error when the text is no HdrHistogram
   */
  static decode(encoded: string, meanMs: number): Latencies {
    const histogram = decodeFromCompressedBase64(encoded)
    return new Latencies(histogram, meanMs * histogram.totalCount)
  }

  record(latencyMs: number): void {
    const boundedMs = Math.min(longestMs, Math.max(0, latencyMs))
    this.#histogram.recordValue(Math.round(boundedMs * 1000))
    this.#sumMs += boundedMs
  }

  add(other: Latencies): void {
    if (other.count === 0) return
    this.#histogram.add(other.#histogram)
    this.#sumMs += other.#sumMs
  }

  get count(): number {
    return this.#histogram.totalCount
  }

  /** 0 when there are none. */
  get meanMs(): number {
    return this.count === 0 ? 0 : this.#sumMs / this.count
  }

  /** 0 when there are none. */
  get maxMs(): number {
    return this.count === 0 ? 0 : this.#histogram.maxValue / 1000
  }

  /** The latency that `percent` of the calls did not exceed, percent in [0, 100]; 0 without calls. */
  percentileMs(percent: number): number {
    return this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percent) / 1000
  }

  /** HdrHistogram's V2 compressed form in base64, values in microseconds; any port reads it. */
  encoded(): string {
    return encodeIntoCompressedBase64(this.#histogram)
  }
}
