/** Calls by a number, the least first: a binary heap in two arrays. */
export class CallHeap {
  readonly #keys: number[] = []
  readonly #calls: number[] = []

  get length(): number {
    return this.#keys.length
  }

  /** The least number; infinite when it is empty. */
  get least(): number {
    return this.#keys[0] ?? Number.POSITIVE_INFINITY
  }

  push(key: number, call: number): void {
    const keys = this.#keys
    let at = keys.length
    keys.push(key)
    this.#calls.push(call)
    while (at > 0) {
      const above = (at - 1) >> 1
      if ((keys[above] ?? 0) <= key) break
      this.#move(above, at)
      at = above
    }
    keys[at] = key
    this.#calls[at] = call
  }

  /** Takes the call of the least number; -1 when it is empty. */
  pop(): number {
    const first = this.#calls[0] ?? -1
    const keys = this.#keys
    const key = keys.pop()
    const call = this.#calls.pop()
    if (key === undefined || call === undefined || keys.length === 0) return first
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= keys.length) break
      if (below + 1 < keys.length && (keys[below + 1] ?? 0) < (keys[below] ?? 0)) below += 1
      if ((keys[below] ?? 0) >= key) break
      this.#move(below, at)
      at = below
    }
    keys[at] = key
    this.#calls[at] = call
    return first
  }

  #move(from: number, to: number): void {
    this.#keys[to] = this.#keys[from] ?? 0
    this.#calls[to] = this.#calls[from] ?? 0
  }
}
