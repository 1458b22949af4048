/** As many of the last are looked at for quantiles: four minutes of beats. */
const kept = 1024

/** How long something took, time after time: a sum over all, and quantiles over the last. */
export class Durations {
  readonly #ring = new Float64Array(kept)
  #count = 0
  #sumMs = 0

  get count(): number {
    return this.#count
  }

  /** Of all, in milliseconds. */
  get sumMs(): number {
    return this.#sumMs
  }

  add(ms: number): void {
    this.#ring[this.#count % kept] = ms
    this.#count += 1
    this.#sumMs += ms
  }

  /** The nearest rank among the last 1024, in milliseconds; undefined before the first. */
  quantileMs(q: number): number | undefined {
    const last = this.#ring.slice(0, Math.min(this.#count, kept)).sort()
    return last[Math.max(0, Math.ceil(q * last.length) - 1)]
  }
}
