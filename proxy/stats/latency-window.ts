import type { Clock } from '../clock.ts'

/** The window is this many slots of this many milliseconds; the oldest slot is dropped whole. */
const slots = 6
const slotMs = 10_000

/** Values at or below the first bound, and above the last, are read as these bounds. */
const lowestMs = 0.05
const highestMs = 120_000

/** Each bound is this much above the one before, so that an estimate is at most √ratio off. */
const ratio = 1.08
const perLog = 1 / Math.log(ratio)
const buckets = Math.ceil(Math.log(highestMs / lowestMs) * perLog) + 1

/** An estimate lies within this share of a recorded value, inside the bounds. √1.08 − 1 = 3.9 %. */
export const relativeError = Math.sqrt(ratio) - 1

export type Quantiles = { readonly p50: number; readonly p99: number }

/**
 * Median and 99th percentile of the round trips of the last minute (50 to 60 s: the oldest tenth
 * leaves at once). Six histograms of 10 s each with log-spaced buckets, 4.6 kB in all; recording
 * allocates nothing, and asking changes nothing.
 */
export class LatencyWindow {
  readonly #clock: Clock
  readonly #counts = new Uint32Array(slots * buckets)
  /** Which ten seconds each slot holds, counted from the clock's origin; −1 for none yet. */
  readonly #epochs = new Float64Array(slots).fill(-1)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Adds one round trip, in milliseconds; finite, not negative. */
  record(ms: number): void {
    const epoch = Math.floor(this.#clock.nowMs() / slotMs)
    const slot = epoch % slots
    if (this.#epochs[slot] !== epoch) {
      this.#epochs[slot] = epoch
      this.#counts.fill(0, slot * buckets, (slot + 1) * buckets)
    }
    const at = slot * buckets + bucketOf(ms)
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
  }

  /** Nearest-rank quantiles in milliseconds, within {@link relativeError}; null when it was silent. */
  quantiles(): Quantiles | null {
    const merged = this.#merged()
    let total = 0
    for (const count of merged) total += count
    if (total === 0) return null
    return { p50: rank(merged, Math.ceil(0.5 * total)), p99: rank(merged, Math.ceil(0.99 * total)) }
  }

  #merged(): Float64Array {
    const oldest = Math.floor(this.#clock.nowMs() / slotMs) - slots + 1
    const merged = new Float64Array(buckets)
    for (let slot = 0; slot < slots; slot += 1) {
      if ((this.#epochs[slot] ?? -1) < oldest) continue
      for (let bucket = 0; bucket < buckets; bucket += 1) {
        merged[bucket] = (merged[bucket] ?? 0) + (this.#counts[slot * buckets + bucket] ?? 0)
      }
    }
    return merged
  }
}

/** Bucket k holds (lowest · ratio^(k−1), lowest · ratio^k]; bucket 0 all at or below the lowest. */
function bucketOf(ms: number): number {
  if (ms <= lowestMs) return 0
  return Math.min(buckets - 1, Math.ceil(Math.log(ms / lowestMs) * perLog))
}

/** The value of the nth smallest: the geometric middle of its bucket. */
function rank(counts: Float64Array, nth: number): number {
  let seen = 0
  let bucket = 0
  while (bucket < buckets - 1) {
    seen += counts[bucket] ?? 0
    if (seen >= nth) break
    bucket += 1
  }
  return bucket === 0 ? lowestMs : lowestMs * ratio ** (bucket - 0.5)
}
