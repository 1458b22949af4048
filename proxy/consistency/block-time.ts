/** Share of a new interval in the estimate. */
const newShare = 0.25

/** The time between two blocks as it was seen, later ones counting most. */
export class BlockTime {
  #advancedAtMs: number | null = null
  /** Null before two blocks were seen to come. */
  ms: number | null = null

  /** @param blocks that the head went up by, above 0; null where that says nothing of their time */
  advance(blocks: number | null, nowMs: number): void {
    if (blocks !== null && this.#advancedAtMs !== null) {
      const eachMs = (nowMs - this.#advancedAtMs) / blocks
      this.ms = this.ms === null ? eachMs : this.ms + newShare * (eachMs - this.ms)
    }
    this.#advancedAtMs = nowMs
  }
}
