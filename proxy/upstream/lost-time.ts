import type { Clock } from '../clock.ts'

/** A look takes some microseconds. */
const everyMs = 100

/**
 * How long this process did not come to run what was due, because others had the CPU or because it
 * was busy or stopped itself: from a timer that looks at its own lateness.
 */
export class LostTime {
  readonly #clock: Clock
  readonly #timer: NodeJS.Timeout
  #lostMs = 0
  #dueMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#dueMs = clock.nowMs() + everyMs
    this.#timer = setInterval(() => this.#look(), everyMs).unref()
  }

  /** Milliseconds lost since it was made, up to now; never falls. */
  get ms(): number {
    return this.#lostMs + Math.max(0, this.#clock.nowMs() - this.#dueMs)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    this.#lostMs = this.ms
    this.#dueMs = this.#clock.nowMs() + everyMs
  }
}
