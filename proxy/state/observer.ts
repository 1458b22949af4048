import type { NodeReport } from '../../agents/report.ts'
import type { StateVector } from './vector.ts'
import type { Ticket, Work } from './work.ts'

/**
 * Believes in the state of one node between its reports: moved by every call we send, set right by
 * every report. All times come from the caller, in milliseconds of one clock that never goes back.
 */
export type Observer = {
  /**
   * The agent reported.
   * @param nowMs when it came in
   * @param sentWallMs the agent's wall clock when it was written, where that is known: the clock
   *   of `period_start_ms`
   */
  report(report: NodeReport, nowMs: number, sentWallMs?: number): void
  /** A call left for the node. The ticket is what settles it. */
  dispatch(work: Work, nowMs: number): Ticket
  /** The call ended; `failed` where it brought no answer. Once for every `dispatch`. */
  settle(ticket: Ticket, failed: boolean, nowMs: number): void
  /** In place of {@link settle}: the call ended early for no fault of the node's, and says nothing of it. */
  abandon(ticket: Ticket, nowMs: number): void
  /** The node came, or came back, among nodes that serve: it is cold. */
  joined(nowMs: number): void
  /** Brings the belief to `nowMs`. Called before `forecast`; asking twice changes nothing. */
  advance(nowMs: number): void
  /** What `work` would cost if sent now: a distance, not negative, less is better. Changes nothing. */
  forecast(work: Work): number
  /** The point believed in now. */
  predicted(): StateVector
}
