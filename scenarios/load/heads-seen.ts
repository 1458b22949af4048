/**
 * Watches that time runs forward for the clients of one endpoint: whoever asks for the head after an
 * answer showed block n must not be shown less. (Two calls under way at once may be answered in any
 * order; only what an answer had shown before the call was sent counts.)
 */
export class HeadsSeen {
  #highest = 0
  #backward = 0
  #asked = 0

  /** To be kept from when a call is sent until its answer is told by {@link HeadsSeen.show}. */
  get highest(): number {
    return this.#highest
  }

  /** Answers lower than what had been shown before they were asked for; null when none was asked. */
  get backwardSteps(): number | null {
    return this.#asked === 0 ? null : this.#backward
  }

  /**
   * @param result of `eth_blockNumber`; what is no quantity is passed over
   * @param highestWhenSent see {@link HeadsSeen.highest}
   */
  show(result: unknown, highestWhenSent: number): void {
    if (typeof result !== 'string' || !/^0x[0-9a-f]{1,13}$/.test(result)) return
    const head = Number(result)
    this.#asked += 1
    if (head < highestWhenSent) this.#backward += 1
    this.#highest = Math.max(this.#highest, head)
  }
}
