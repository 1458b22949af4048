/** Figures of one kind, kept whole until they are summed up: mean and exact quantiles. */
export class LatencySample {
  #values = new Float64Array(1024)
  #count = 0
  #sum = 0
  #isSorted = true

  get count(): number {
    return this.#count
  }

  /** 0 when there are none. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count
  }

  add(value: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(2 * this.#count)
      grown.set(this.#values)
      this.#values = grown
    }
    this.#values[this.#count] = value
    this.#count += 1
    this.#sum += value
    this.#isSorted = false
  }

  /** The least value that `share` of all do not exceed; 0 when there are none. */
  quantile(share: number): number {
    if (!this.#isSorted) this.#values.subarray(0, this.#count).sort()
    this.#isSorted = true
    const place = Math.ceil(share * this.#count) - 1
    return this.#values[Math.max(0, Math.min(place, this.#count - 1))] ?? 0
  }
}
