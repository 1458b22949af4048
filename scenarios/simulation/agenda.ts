/** Whatever something can happen to. `what` is what the one who entered it on the agenda meant. */
export type Happening = { happen(what: number): void }

/** More things than this do not happen at one moment. */
const mostAtOnce = 100_000

/**
 * What is to happen, the earliest first: a binary heap in three arrays side by side, because a
 * simulated minute has a million entries and an object for each would be most of the work.
 */
export class Agenda {
  readonly #atMs: number[] = []
  readonly #to: Happening[] = []
  readonly #what: number[] = []
  #nowMs = 0
  #atOnce = 0

  /** The time of the last thing that happened, milliseconds from the beginning. */
  get nowMs(): number {
    return this.#nowMs
  }

  get length(): number {
    return this.#atMs.length
  }

  /** Enters `what`, to happen to `to` at a time that is not past. */
  add(atMs: number, to: Happening, what: number): void {
    const times = this.#atMs
    let at = times.length
    times.push(atMs)
    this.#to.push(to)
    this.#what.push(what)
    while (at > 0) {
      const above = (at - 1) >> 1
      if ((times[above] ?? 0) <= atMs) break
      this.#move(above, at)
      at = above
    }
    this.#put(at, atMs, to, what)
  }

  /**
   * Lets the next thing happen; false when there is none, or none until `endMs`.
   * @throws Error when time stands still: a model that answers "now" for ever must not hang
   */
  step(endMs: number): boolean {
    const atMs = this.#atMs[0]
    const to = this.#to[0]
    const what = this.#what[0]
    if (atMs === undefined || to === undefined || what === undefined || atMs > endMs) return false
    this.#removeFirst()
    this.#atOnce = atMs > this.#nowMs ? 0 : this.#atOnce + 1
    if (this.#atOnce > mostAtOnce) throw new Error(`simulated time stands still at ${atMs} ms`)
    this.#nowMs = Math.max(this.#nowMs, atMs)
    to.happen(what)
    return true
  }

  #removeFirst(): void {
    const lastMs = this.#atMs.pop()
    const to = this.#to.pop()
    const what = this.#what.pop()
    const times = this.#atMs
    if (lastMs === undefined || to === undefined || what === undefined || times.length === 0) return
    let at = 0
    for (;;) {
      let below = 2 * at + 1
      if (below >= times.length) break
      const right = below + 1
      if (right < times.length && (times[right] ?? 0) < (times[below] ?? 0)) below = right
      if ((times[below] ?? 0) >= lastMs) break
      this.#move(below, at)
      at = below
    }
    this.#put(at, lastMs, to, what)
  }

  #move(from: number, to: number): void {
    this.#atMs[to] = this.#atMs[from] ?? 0
    this.#what[to] = this.#what[from] ?? 0
    const happening = this.#to[from]
    if (happening !== undefined) this.#to[to] = happening
  }

  #put(at: number, atMs: number, to: Happening, what: number): void {
    this.#atMs[at] = atMs
    this.#to[at] = to
    this.#what[at] = what
  }
}
