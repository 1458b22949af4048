import type { NodeReport } from '../../agents/report.ts'
import type { Work } from './costs.ts'
import type { StateVector } from './vector.ts'

/**
 * Believes in the state of one node between its reports: moved by every call we send, set right by
 * every report. All times come from the caller, in milliseconds of one clock that never goes back.
 */
export type Observer = {
  /** The agent reported; `nowMs` is when it came in. */
  report(report: NodeReport, nowMs: number): void
  /** A call left for the node. */
  dispatch(work: Work, nowMs: number): void
  /** A call ended, well or not. Once for every `dispatch`, with the same `work`. */
  settle(work: Work, nowMs: number): void
  /** Brings the belief to `nowMs`. Called before `forecast`; asking twice changes nothing. */
  advance(nowMs: number): void
  /** What `work` would cost if sent now: a distance, not negative, less is better. Changes nothing. */
  forecast(work: Work): number
  /** The point believed in now. */
  predicted(): StateVector
}
