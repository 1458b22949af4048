import type { NodeReport } from '../../agents/report.ts'
import type { Clock } from '../clock.ts'
import type { NodeObserver } from '../state/node-observer.ts'
import type { StateVector } from '../state/vector.ts'
import type { Ticket, Work } from '../state/work.ts'
import type { LoadMeter } from './meter.ts'

/**
 * Load as an observer forecasts it: the distance from the idle origin at which the node would be
 * with the call on it. Moves with every call of ours, so it does not herd between reports.
 */
export class PredictedState implements LoadMeter {
  readonly #observer: NodeObserver
  readonly #clock: Clock

  constructor(observer: NodeObserver, clock: Clock) {
    this.#observer = observer
    this.#clock = clock
  }

  cost(work: Work, nowMs = this.#clock.nowMs()): number {
    this.#observer.advance(nowMs)
    return this.#observer.forecast(work)
  }

  start(work: Work): Ticket {
    return this.#observer.dispatch(work, this.#clock.nowMs())
  }

  settle(ticket: Ticket, _work: Work, _rttMs: number, failed: boolean): void {
    this.#observer.settle(ticket, failed, this.#clock.nowMs())
  }

  abandon(ticket: Ticket): void {
    this.#observer.abandon(ticket, this.#clock.nowMs())
  }

  joined(): void {
    this.#observer.joined(this.#clock.nowMs())
  }

  report(report: NodeReport, sentWallMs?: number): void {
    this.#observer.report(report, this.#clock.nowMs(), sentWallMs)
  }

  predicted(): StateVector {
    this.#observer.advance(this.#clock.nowMs())
    return this.#observer.predicted()
  }

  stalls(): boolean {
    const { rung } = this.#observer
    return rung === 'quota' || rung === 'quota-guessed'
  }

  rung(): string {
    this.#observer.advance(this.#clock.nowMs())
    return this.#observer.rung
  }
}
