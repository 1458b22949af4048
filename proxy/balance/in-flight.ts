import type { NodeReport } from '../../agents/report.ts'
import type { Ticket } from '../state/work.ts'
import type { LoadMeter } from './meter.ts'

/** Load as calls sent and not yet answered: least-connection. Nothing else moves it. */
export class InFlight implements LoadMeter {
  #inFlight = 0

  cost(): number {
    return this.#inFlight
  }

  start(): Ticket {
    this.#inFlight += 1
    return 0
  }

  settle(): void {
    this.#inFlight -= 1
  }

  report(_report: NodeReport): void {}

  predicted(): null {
    return null
  }
}

/** Every upstream costs the same: for pickers that do not ask. */
export class Unmetered implements LoadMeter {
  cost(): number {
    return 0
  }

  start(): Ticket {
    return 0
  }

  settle(): void {}

  report(_report: NodeReport): void {}

  predicted(): null {
    return null
  }
}
