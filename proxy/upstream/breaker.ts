import type { Clock } from '../clock.ts'

export type BreakerState = 'closed' | 'open' | 'half-open'

/** Tuning of {@link Breaker}: counts above zero, milliseconds above zero. */
export type BreakerOptions = {
  /** Failures in a row that open it. */
  readonly failures: number
  /** How long it stays open the first time; doubled each time the trial call fails. */
  readonly openMs: number
  readonly maxOpenMs: number
}

export const breakerDefaults: BreakerOptions = { failures: 5, openMs: 1_000, maxOpenMs: 30_000 }

/**
 * Keeps calls from a node that fails them: closed (calls pass) → open (none) → half-open (one call
 * tries) → closed, or open again for twice as long. Where no call comes that could try, an answer to a
 * question of our own closes it on probation. Time and outcomes come from outside.
 */
export class Breaker {
  readonly #clock: Clock
  readonly #options: BreakerOptions
  #failuresInRow = 0
  #openUntilMs = 0
  #openMs: number
  #isOpen = false
  #trying = false
  /** Closed without a trial: the next call that fails opens it again, for twice as long. */
  #isOnProbation = false

  constructor(clock: Clock, options: BreakerOptions = breakerDefaults) {
    this.#clock = clock
    this.#options = options
    this.#openMs = options.openMs
  }

  get state(): BreakerState {
    if (!this.#isOpen) return 'closed'
    return this.#clock.nowMs() < this.#openUntilMs ? 'open' : 'half-open'
  }

  /** Whether a call may be sent now. While half-open, only until one is. */
  get lets(): boolean {
    if (!this.#isOpen) return true
    return this.state === 'half-open' && !this.#trying
  }

  /** A call was sent. One that went out in spite of us, because no node was left, is no trial. */
  start(): void {
    if (this.state === 'half-open') this.#trying = true
  }

  succeed(): void {
    this.#failuresInRow = 0
    this.#isOpen = false
    this.#trying = false
    this.#isOnProbation = false
    this.#openMs = this.#options.openMs
  }

  /**
   * The node answered a question of ours. A fleet without calls would leave it half-open for ever.
   * @returns whether that closed it
   */
  endure(): boolean {
    if (this.state !== 'half-open' || this.#trying) return false
    this.#isOpen = false
    this.#isOnProbation = true
    return true
  }

  /** A call ended without saying anything about the node: its client went away. */
  abandon(): void {
    this.#trying = false
  }

  fail(): void {
    this.#failuresInRow += 1
    if (this.#isOnProbation || (this.#isOpen && this.state === 'half-open')) {
      this.#isOnProbation = false
      this.#openMs = Math.min(this.#openMs * 2, this.#options.maxOpenMs)
      this.#open()
    } else if (!this.#isOpen && this.#failuresInRow >= this.#options.failures) this.#open()
  }

  #open(): void {
    this.#isOpen = true
    this.#trying = false
    this.#openUntilMs = this.#clock.nowMs() + this.#openMs
  }
}
