/** A node that returns is given its whole capacity after so long, ms, and so much of it at once. */
const rampMs = 10_000
const firstShare = 0.1

/** So many failures on end, and it is not there. */
const failuresOfAbsence = 5

/**
 * The share of its capacity that a node is trusted with: a node that comes back is cold, and so
 * idle that it would be sent everything at once. It grows with time since the node was last known
 * to be away, and not with calls answered: one trusted with little would be sent too few of them.
 */
export class SlowStart {
  #failures = 0
  #isGone = false
  #awayUntilMs = Number.NEGATIVE_INFINITY

  /** A call failed. */
  failed(nowMs: number): void {
    this.#failures += 1
    if (this.#failures >= failuresOfAbsence) this.#awayUntilMs = nowMs
  }

  /** A call was answered. */
  answered(): void {
    this.#failures = 0
  }

  /** Its agent says that it is gone, once or again and again: health knows whether it answers. */
  gone(nowMs: number): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#awayUntilMs = nowMs
  }

  /** Its agent sees it. That it runs does not say that it answers. */
  seen(nowMs: number): void {
    if (!this.#isGone) return
    this.#isGone = false
    this.#awayUntilMs = nowMs
  }

  /** It came, or came back, among nodes that serve. */
  joined(nowMs: number): void {
    this.#failures = 0
    this.#awayUntilMs = nowMs
  }

  /** In (0, 1]; exactly 1 for a node that has not been away lately. */
  trust(nowMs: number): number {
    const share = firstShare + ((1 - firstShare) * (nowMs - this.#awayUntilMs)) / rampMs
    return Math.min(1, share)
  }
}
