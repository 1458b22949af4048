import type { NodeReport } from '../../agents/report.ts'
import type { StateVector } from '../state/vector.ts'
import type { Ticket, Work } from '../state/work.ts'

/**
 * Measures how loaded one upstream is. Pickers compare costs and know nothing of what they mean,
 * which is why any meter goes with any picker.
 */
export type LoadMeter = {
  /**
   * Cost of sending this upstream `work` now: lower is better, never negative. Changes nothing.
   * @param nowMs the time, from those who ask many: a look at the clock takes 0.1 µs
   */
  cost(work: Work, nowMs?: number): number
  /** A call was sent. The ticket is what settles it. */
  start(work: Work): Ticket
  /** Its answer ended after `rttMs` milliseconds, or failed. Called once for every `start`. */
  settle(ticket: Ticket, work: Work, rttMs: number, failed: boolean): void
  /**
   * In place of {@link settle}: the call ended early for no fault of the node's, such as a client that
   * went away. Where absent, as one that failed.
   */
  abandon?(ticket: Ticket): void
  /** Its node came, or came back, among nodes that serve: it is cold. */
  joined?(): void
  /** The agent reported, at `sentWallMs` of its wall clock where that is known. */
  report(report: NodeReport, sentWallMs?: number): void
  /** The point this meter believes in, or null where it believes in none. */
  predicted(): StateVector | null
  /** How much it knows of its node, in a word; absent where a meter goes by nothing but its calls. */
  rung?(): string
  /**
   * Whether its node stands still as a whole once a quota is used up, so that heavy calls do better one
   * after another; false where absent.
   */
  stalls?(): boolean
  /** A picker compared it with another: for those rivals whose published form changes by that. */
  weighed?(): void
}

/** Settles a call that ended early for no fault of the node's. */
export function giveUp(meter: LoadMeter, ticket: Ticket, work: Work, rttMs: number): void {
  if (meter.abandon === undefined) meter.settle(ticket, work, rttMs, true)
  else meter.abandon(ticket)
}

/** What a picker chooses among. */
export type Metered = { readonly meter: LoadMeter }
