/** Lets those of one key go one after another, and those of different keys at once. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Keys somebody is running or waiting under. */
  get size(): number {
    return this.#last.size
  }

  /** Runs `act` when all who came earlier under `key` have ended, well or not. */
  async take<Value>(key: string, act: () => Promise<Value>): Promise<Value> {
    const before = this.#last.get(key)
    const turn = before === undefined ? act() : before.then(act, act)
    const over = turn.then(
      () => {},
      () => {},
    )
    this.#last.set(key, over)
    try {
      return await turn
    } finally {
      if (this.#last.get(key) === over) this.#last.delete(key)
    }
  }
}
