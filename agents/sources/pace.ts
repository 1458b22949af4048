/** What people change (limits, the group of a process) is looked at this often, not at each reading. */
export const slowMs = 1_000

/** Says when it is time to look again. The first look is due at once. */
export class Pace {
  readonly #everyMs: number
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(everyMs: number = slowMs) {
    this.#everyMs = everyMs
  }

  /** True when the last look was long enough ago; this is then the last. */
  isDue(atMs: number): boolean {
    // A timer that is a little early must not double the time.
    if (atMs - this.#lastMs < 0.9 * this.#everyMs) return false
    this.#lastMs = atMs
    return true
  }
}
