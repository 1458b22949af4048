import type { NodeReport } from '../../agents/report.ts'
import type { Work } from '../state/costs.ts'
import type { StateVector } from '../state/vector.ts'

/**
 * Measures how loaded one upstream is. Pickers compare costs and know nothing of what they mean,
 * which is why any meter goes with any picker.
 */
export type LoadMeter = {
  /** Cost of sending this upstream `work` now: lower is better, never negative. Changes nothing. */
  cost(work: Work): number
  /** A call was sent. */
  start(work: Work): void
  /** Its answer ended after `rttMs` milliseconds, or failed. Called once for every `start`. */
  settle(work: Work, rttMs: number, failed: boolean): void
  /** The agent reported. */
  report(report: NodeReport): void
  /** The point this meter believes in, or null where it believes in none. */
  predicted(): StateVector | null
}

/** What a picker chooses among. */
export type Metered = { readonly meter: LoadMeter }
