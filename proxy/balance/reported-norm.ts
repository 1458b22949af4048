import type { NodeReport } from '../../agents/report.ts'
import { distanceOfUse, type StateVector, vectorOf } from '../state/vector.ts'
import type { Ticket } from '../state/work.ts'
import type { LoadMeter } from './meter.ts'

/** Further than any reported point can be, see {@link distanceOfUse}. */
const unknownDistance = 2

/**
 * Load as the Euclidean distance of the last report from the idle origin: the thesis's rule to the
 * letter. It does not move with our own calls, so between two reports all calls go to one node: it
 * herds, and is here to be compared with. A node without a report is as far away as can be.
 */
export class ReportedNorm implements LoadMeter {
  #last: StateVector | null = null
  #distance = unknownDistance

  cost(): number {
    return this.#distance
  }

  start(): Ticket {
    return 0
  }

  settle(): void {}

  report(report: NodeReport): void {
    this.#last = report.gone === true ? null : vectorOf(report.x)
    this.#distance = this.#last === null ? unknownDistance : distanceOfUse(this.#last)
  }

  predicted(): StateVector | null {
    return this.#last
  }
}
