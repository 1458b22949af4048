/** A node that returns is given its whole capacity after so long, ms, and so much of it at once. */
const rampMs = 10_000
const firstShare = 0.1

/** So many failures on end, and it was not there. */
const failuresOfAbsence = 5

/**
 * The share of its capacity that a node is trusted with: a node that comes back is cold, and so
 * idle that it would be sent everything at once.
 */
export class SlowStart {
  #failures = 0
  #isAway = false
  #returnedAtMs = Number.NEGATIVE_INFINITY

  /** A call failed. */
  failed(): void {
    this.#failures += 1
    if (this.#failures >= failuresOfAbsence) this.#isAway = true
  }

  /** It is known to be gone. */
  left(): void {
    this.#isAway = true
  }

  /** It answered, or its agent saw it. */
  isThere(nowMs: number): void {
    this.#failures = 0
    if (!this.#isAway) return
    this.#isAway = false
    this.#returnedAtMs = nowMs
  }

  /** In (0, 1]; exactly 1 for a node that has not been away lately. */
  trust(nowMs: number): number {
    const share = firstShare + ((1 - firstShare) * (nowMs - this.#returnedAtMs)) / rampMs
    return Math.min(1, share)
  }
}
