import type { NodeReport } from '../../agents/report.ts'
import { InFlight, Unmetered } from './in-flight.ts'
import type { LoadMeter } from './meter.ts'

/**
 * Load as (calls in flight + 1) ÷ cores: weighted least-connection, the strongest of the simple
 * strategies. The cores are the last that the agent reported, until then those declared, or 1. nginx
 * `least_conn` compares calls in flight ÷ weight; with the call itself counted, a larger node is
 * preferred on an idle fleet too.
 */
export class InFlightShare extends InFlight implements LoadMeter {
  #cores: number

  /** @param cores above 0, or null where none are declared */
  constructor(cores: number | null) {
    super()
    this.#cores = cores ?? 1
  }

  override cost(): number {
    return (super.cost() + 1) / this.#cores
  }

  override report(report: NodeReport): void {
    if (report.cap.cpus !== undefined) this.#cores = report.cap.cpus
  }
}

/** Load as 1 ÷ cores, whatever is in flight: for pickers that take weights. Cores as above. */
export class CapacityShare extends Unmetered implements LoadMeter {
  #cores: number

  /** @param cores above 0, or null where none are declared */
  constructor(cores: number | null) {
    super()
    this.#cores = cores ?? 1
  }

  override cost(): number {
    return 1 / this.#cores
  }

  override report(report: NodeReport): void {
    if (report.cap.cpus !== undefined) this.#cores = report.cap.cpus
  }
}
