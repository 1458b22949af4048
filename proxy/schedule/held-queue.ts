import type { Work } from '../state/work.ts'

/** One call that waits at the proxy. All times are milliseconds of one clock. */
export type Held<Wait> = {
  readonly wait: Wait
  readonly work: Work
  /** Its place among those that wait: the least goes first. See `turnMs` in priority.ts. */
  readonly turnMs: number
  readonly heldAtMs: number
  /** What it had waited before, asked of a node that did not answer. */
  readonly heldBeforeMs: number
  /** When it goes to the best node, however busy that is. */
  readonly goAtMs: number
  /** When nobody wants it any more. */
  readonly deadlineMs: number
}

/** Calls that wait, in the order of their turns, of at most so many. */
export class HeldQueue<Wait> {
  readonly #held: Held<Wait>[] = []
  readonly #maxLength: number

  /** @param maxLength above 0 */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  get length(): number {
    return this.#held.length
  }

  /** The one whose turn is number `index`, or undefined past the last. */
  at(index: number): Held<Wait> | undefined {
    return this.#held[index]
  }

  /** Takes it in, behind those whose turn is the same; returns the last in turn if that is one too many. */
  add(held: Held<Wait>): Held<Wait> | null {
    let from = 0
    let to = this.#held.length
    while (from < to) {
      const middle = (from + to) >> 1
      if ((this.#held[middle]?.turnMs ?? 0) <= held.turnMs) from = middle + 1
      else to = middle
    }
    this.#held.splice(from, 0, held)
    return this.#held.length > this.#maxLength ? (this.#held.pop() ?? null) : null
  }

  /** False when it does not wait here any more. */
  remove(held: Held<Wait>): boolean {
    const index = this.#held.indexOf(held)
    if (index < 0) return false
    this.#held.splice(index, 1)
    return true
  }

  /** When the first of them runs out of time, or Infinity. */
  get nextDeadlineMs(): number {
    let next = Number.POSITIVE_INFINITY
    for (const { goAtMs, deadlineMs } of this.#held) next = Math.min(next, goAtMs, deadlineMs)
    return next
  }

  /** The first in turn whose time is over at `nowMs`, or undefined. */
  overdue(nowMs: number): Held<Wait> | undefined {
    return this.#held.find(({ goAtMs, deadlineMs }) => Math.min(goAtMs, deadlineMs) <= nowMs)
  }
}
