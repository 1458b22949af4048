/** Of a stalled call's end: earlier than believed moves the belief by more than later does. */
const earlierGain = 0.3
const laterGain = 0.03

/** A stall that ends this long after a period's start, or less, speaks for that start. */
const nearMs = 12

/**
 * How much one stall counts in the score of a source, and below what score it is not believed: of light
 * calls that were out for 25 ms on real Geths 50 to 75 of 100 ended near a start, by chance 12 would.
 */
const scoreGain = 0.05
const trustedScore = 0.27

/** Clock offsets are the least of this many reports': the one that travelled fastest. */
const offsetReports = 64

/** Where the knowledge of the phase comes from. */
export type PhaseSource = 'agent' | 'stalls' | 'none'

/**
 * When the CFS periods of a node begin. The agent tells one start by its wall clock, which is
 * brought to ours by the line that travelled fastest. Stalled calls end just after a start, so they
 * tell it too, less well; they also tell when the agent is wrong (its clock was set, it looks at
 * another group), and then it is not believed.
 */
export class PeriodPhase {
  #periodMs = 100
  /** Starts, on our clock, modulo the period. Null while not known. */
  #told: number | null = null
  #stalled: number | null = null
  #toldScore = 1
  #stalledScore = 0.5
  readonly #offsets = new Float64Array(offsetReports)
  #offsetsSeen = 0

  /** Who is believed now. */
  get source(): PhaseSource {
    const isTrusted = this.#toldScore >= Math.min(trustedScore, this.#stalledScore)
    if (this.#told !== null && isTrusted) return 'agent'
    if (this.#stalled !== null) return 'stalls'
    return this.#told === null ? 'none' : 'agent'
  }

  /** Sets the length of a period, ms above 0. */
  set periodMs(periodMs: number) {
    if (periodMs === this.#periodMs) return
    this.#periodMs = periodMs
    this.#stalled = null
    this.#told = null
  }

  /**
   * The agent told a start.
   * @param startWallMs the start, on the agent's wall clock
   * @param sentWallMs the same clock when the report was written
   * @param nowMs our clock when it came in
   */
  told(startWallMs: number, sentWallMs: number, nowMs: number): void {
    this.#offsets[this.#offsetsSeen % offsetReports] = nowMs - sentWallMs
    this.#offsetsSeen += 1
    let offsetMs = Number.POSITIVE_INFINITY
    const known = Math.min(this.#offsetsSeen, offsetReports)
    for (let i = 0; i < known; i++) offsetMs = Math.min(offsetMs, this.#offsets[i] ?? offsetMs)
    this.#told = this.#modulo(startWallMs + offsetMs)
  }

  /** A light call ended at `endedMs` after a stall in which nothing ended: a period had begun. */
  stalled(endedMs: number): void {
    if (this.#told !== null) {
      const late = this.#modulo(endedMs - this.#told)
      this.#toldScore += scoreGain * ((late <= nearMs ? 1 : 0) - this.#toldScore)
    }
    if (this.#stalled === null) {
      this.#stalled = this.#modulo(endedMs)
      return
    }
    const late = this.#modulo(endedMs - this.#stalled)
    this.#stalledScore += scoreGain * ((late <= nearMs ? 1 : 0) - this.#stalledScore)
    const off = late > this.#periodMs / 2 ? late - this.#periodMs : late
    this.#stalled = this.#modulo(this.#stalled + off * (off < 0 ? earlierGain : laterGain))
  }

  /** Forgets the agent: its word and its clock. */
  forgetAgent(): void {
    this.#told = null
    this.#toldScore = 1
    this.#offsetsSeen = 0
  }

  /** Milliseconds until the next start after `nowMs`, in (0, period]. */
  untilNextMs(nowMs: number): number {
    const start = this.source === 'agent' ? this.#told : this.#stalled
    if (start === null) return this.#periodMs
    return this.#periodMs - this.#modulo(nowMs - start)
  }

  #modulo(ms: number): number {
    const rest = ms % this.#periodMs
    return rest < 0 ? rest + this.#periodMs : rest
  }
}
