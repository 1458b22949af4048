import type { Clock } from '../clock.ts'
import type { PushMark } from './push-order.ts'

/** One that says nothing for so long, or for three of its intervals, is not up. */
const silenceMs = 5_000
const maxSilenceMs = 600_000

/** What is known of one agent that pushes: the same as of one that is read. */
export class PushedAgent {
  readonly host: string
  readonly #clock: Clock
  reports = 0
  gaps = 0
  /** Nobody who sends what is no report says who he is. */
  readonly refused = 0
  #last: PushMark | null = null
  #lastMs: number | null = null
  #intervalMs = 0

  constructor(host: string, clock: Clock) {
    this.host = host
    this.#clock = clock
  }

  get up(): boolean {
    const boundMs = Math.min(maxSilenceMs, Math.max(silenceMs, 3 * this.#intervalMs))
    return (this.reportAgeMs ?? Number.POSITIVE_INFINITY) <= boundMs
  }

  get reportAgeMs(): number | null {
    return this.#lastMs === null ? null : this.#clock.nowMs() - this.#lastMs
  }

  heard(report: PushMark & { readonly interval: number }, nowMs: number): void {
    const { boot, seq, interval } = report
    const last = this.#last
    if (last?.boot === boot && seq > last.seq) this.gaps += seq - last.seq - 1
    this.#last = report
    this.#lastMs = nowMs
    this.#intervalMs = interval
    this.reports += 1
  }
}
