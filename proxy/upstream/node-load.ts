import type { NodeReport } from '../../agents/report.ts'
import type { Clock } from '../clock.ts'
import { type LoadHeaders, parseLoad, reportOfLoad } from './orca-header.ts'
import { type Reported, takeReport } from './report-intake.ts'

/** Of reports that come faster, one in so long is read: a node may send one with every answer, ms. */
const leastGapMs = 100

/** What one node says of its load with its answers. */
export class NodeLoad {
  readonly #upstream: Reported & { readonly id: string }
  readonly #clock: Clock
  #readAtMs = Number.NEGATIVE_INFINITY
  /** Reports that were taken, and that were no reports, with the reason of the last. */
  taken = 0
  refused = 0
  lastProblem: string | null = null
  /** Told of each report that was taken. */
  onReport: (report: NodeReport) => void = () => {}

  constructor(upstream: Reported & { readonly id: string }, clock: Clock) {
    this.#upstream = upstream
    this.#clock = clock
  }

  /** Takes what came with an answer. What is no report changes nothing but the counts. */
  hear(headers: LoadHeaders): void {
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#readAtMs < leastGapMs) return
    this.#readAtMs = nowMs
    const report = this.#read(this.#upstream.id, headers)
    if (report === null || !takeReport(this.#upstream, report, 'orca', nowMs)) return
    this.taken += 1
    this.onReport(report)
  }

  #read(id: string, headers: LoadHeaders): NodeReport | null {
    try {
      return reportOfLoad(id, parseLoad(headers))
    } catch (error) {
      this.refused += 1
      this.lastProblem = error instanceof Error ? error.message : String(error)
      return null
    }
  }
}
