import type { NodeBelief } from './node-belief.ts'

/** A failed call counts as in flight for so long, ms. */
const countsForMs = 1_000
const buckets = 8
const bucketMs = countsForMs / (buckets - 1)

/**
 * The calls that failed within the last second or so. A node that fails at once has nothing in
 * flight and would look idle, so that it would be sent everything; each failure therefore counts
 * as a call of its cost that is still there.
 */
export class Failures {
  readonly #calls = new Float64Array(buckets)
  readonly #costMs = new Float64Array(buckets)
  /** Number of the bucket that is filled now, on a line of buckets without end. */
  #now = 0
  #isEmpty = true

  add(costMs: number, nowMs: number): void {
    this.#turn(nowMs)
    const at = this.#now % buckets
    this.#calls[at] = (this.#calls[at] ?? 0) + 1
    this.#costMs[at] = (this.#costMs[at] ?? 0) + costMs
    this.#isEmpty = false
  }

  /** Writes what counts at `nowMs` into the belief: nothing, exactly, a second after the last. */
  tell(belief: NodeBelief, nowMs: number): void {
    belief.failedCalls = 0
    belief.failedMs = 0
    if (this.#isEmpty) return
    this.#turn(nowMs)
    for (let i = 0; i < buckets; i++) {
      belief.failedCalls += this.#calls[i] ?? 0
      belief.failedMs += this.#costMs[i] ?? 0
    }
    this.#isEmpty = belief.failedCalls === 0
  }

  #turn(nowMs: number): void {
    const now = Math.floor(nowMs / bucketMs)
    const from = Math.max(this.#now + 1, now - buckets + 1)
    for (let i = from; i <= now; i++) {
      this.#calls[i % buckets] = 0
      this.#costMs[i % buckets] = 0
    }
    this.#now = Math.max(this.#now, now)
  }
}
