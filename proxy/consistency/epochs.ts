import type { Clock } from '../clock.ts'

/**
 * The times between reorganisations, falls of the head included. For a while after one, what clients
 * were shown before it holds: they may have been shown the new branch before we knew of it.
 */
export class Epochs {
  readonly #clock: Clock
  readonly #spanMs: () => number
  /** So many are over. */
  count = 0
  #begunAtMs = Number.NEGATIVE_INFINITY
  #before = 0

  /** @param spanMs how long what was shown before holds, as of now */
  constructor(clock: Clock, spanMs: () => number) {
    this.#clock = clock
    this.#spanMs = spanMs
  }

  /** @param before height that goes on to hold for a while; 0: none does */
  begin(before: number): void {
    this.count += 1
    this.#begunAtMs = this.#clock.nowMs()
    this.#before = before
  }

  /** What a client that was shown `floor` in `epoch` is held to while `tip` is the head. */
  floorOf(floor: number, epoch: number, tip: number): number {
    return epoch === this.count || this.#isYoung ? floor : Math.min(floor, tip)
  }

  /**
   * The height below which no head is shown to anybody. Above `tip` where nodes turned to a shorter
   * branch since: they may be on their way, block by block, to one that is none.
   */
  shown(tip: number): number {
    return this.#before > tip && this.#isYoung ? this.#before : tip
  }

  get #isYoung(): boolean {
    return this.#clock.nowMs() - this.#begunAtMs < this.#spanMs()
  }
}
