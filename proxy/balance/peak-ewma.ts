import type { Clock } from '../clock.ts'
import type { Ticket, Work } from '../state/work.ts'
import type { LoadMeter } from './meter.ts'

/** Mean lifetime τ of an observation: after τ it counts for 1/e. Finagle's and Linkerd's default. */
export const decayMs = 10_000

/** What a node that was never heard from costs once a call is on it: Finagle's `Long.MaxValue >> 16`. */
const penalty = 2 ** 47

/**
 * Load as a peak-sensitive mean round trip × (in flight + 1), in milliseconds.
 *
 * A slower answer replaces the mean at once, a faster one moves it by 1 − e^(−Δt/τ), and each time
 * that the node is compared counts as an observation of 0 ms ({@link weighed}), so that a node once
 * slow is tried again. A node without history is free for its first call and shut for a second one.
 * A failure, and a call that its client gave up, is an observation only where it took longer than the
 * mean: Finagle counts all, but a fast error would look like a fast answer. A node that hangs is
 * dear for as long as its callers waited.
 *
 * @see Finagle, `loadbalancer/PeakEwma.scala`, whose arithmetic this is.
 */
export class PeakEwma implements LoadMeter {
  readonly #clock: Clock
  #meanMs = 0
  #seenAtMs: number
  #inFlight = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#seenAtMs = clock.nowMs()
  }

  cost(): number {
    const meanMs = this.#meanMs * this.#weightLeft()
    if (meanMs === 0 && this.#inFlight > 0) return penalty + this.#inFlight
    return meanMs * (this.#inFlight + 1)
  }

  start(): Ticket {
    this.#inFlight += 1
    return 0
  }

  settle(_ticket: Ticket, _work: Work, rttMs: number, failed: boolean): void {
    this.#inFlight -= 1
    if (!failed || rttMs > this.#meanMs * this.#weightLeft()) this.#observe(rttMs)
  }

  weighed(): void {
    this.#observe(0)
  }

  report(): void {}

  predicted(): null {
    return null
  }

  #observe(rttMs: number): void {
    if (rttMs > this.#meanMs) this.#meanMs = rttMs
    else {
      const left = this.#weightLeft()
      this.#meanMs = this.#meanMs * left + rttMs * (1 - left)
    }
    this.#seenAtMs = this.#clock.nowMs()
  }

  /** What the mean still counts for, in (0, 1]. */
  #weightLeft(): number {
    return Math.exp((this.#seenAtMs - this.#clock.nowMs()) / decayMs)
  }
}
