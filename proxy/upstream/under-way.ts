import type { Clock } from '../clock.ts'
import type { Attempt } from './attempt.ts'

/** How late a deadline may be noticed: a timer for each call would cost a microsecond a call. */
const lookEveryMs = 50

type Terms = { readonly deadlineMs: number; readonly isRepeatable: boolean }

/** The attempts on one node that are not over: each ends at its deadline, or with its node. */
export class UnderWay {
  readonly #clock: Clock
  readonly #attempts = new Map<Attempt, Terms>()
  #timer: NodeJS.Timeout | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param isRepeatable whether {@link abandon} may end it */
  add(attempt: Attempt, deadlineMs: number, isRepeatable: boolean): void {
    this.#attempts.set(attempt, { deadlineMs, isRepeatable })
    this.#timer ??= setTimeout(() => this.#look(), lookEveryMs)
  }

  delete(attempt: Attempt): void {
    this.#attempts.delete(attempt)
  }

  /** Ends the attempts that may be made again elsewhere. */
  abandon(reason: Error): void {
    for (const [attempt, { isRepeatable }] of this.#attempts) {
      if (isRepeatable) attempt.abandon(reason)
    }
  }

  #look(): void {
    this.#timer = null
    const nowMs = this.#clock.nowMs()
    for (const [attempt, { deadlineMs }] of this.#attempts) {
      if (deadlineMs <= nowMs) attempt.expire()
    }
    // Nothing under way, nothing to wake up for.
    if (this.#attempts.size > 0) this.#timer = setTimeout(() => this.#look(), lookEveryMs)
  }
}
