/** The name under which a {@link Counts} adds up what it has no room for. */
export const otherName = 'other'

/**
 * Counts by name, of at most so many names: the names may come from outside, so the first ones get
 * their own and all later ones share `other`.
 */
export class Counts implements Iterable<readonly [string, number]> {
  readonly #byName = new Map<string, number>()
  readonly #maxNames: number

  /** @param maxNames above 0; `other` is not counted among them. */
  constructor(maxNames: number) {
    this.#maxNames = maxNames
  }

  add(name: string, times = 1): void {
    const count = this.#byName.get(name)
    if (count !== undefined) this.#byName.set(name, count + times)
    else if (this.#byName.size < this.#maxNames) this.#byName.set(name, times)
    else this.#byName.set(otherName, (this.#byName.get(otherName) ?? 0) + times)
  }

  [Symbol.iterator](): Iterator<readonly [string, number]> {
    return this.#byName.entries()
  }
}
