import type { NodeReport } from '../../agents/report.ts'
import type { Observer } from './observer.ts'
import { type StateVector, type Unit, unit, vectorOf } from './vector.ts'
import type { Ticket, Work } from './work.ts'

/** Constants of {@link SharedCapacity}. */
export type SharedCapacityOptions = {
  /** Cores assumed until the agent reports the node's capacity; above 0. */
  readonly cores: number
  /**
   * Calls in flight that full CPU pressure counts as. 3 cut p95 from 65–77 to 41–48 ms beside load
   * that the proxy does not send (four nodes of 0.4 cores, 250 ms reports); 1 was as good on p95 and
   * 15 % worse on p99.
   */
  readonly pressureCalls: number
  /** A report counts in full up to this age and fades to nothing at {@link goneAfterMs}. */
  readonly freshMs: number
  readonly goneAfterMs: number
}

export const sharedCapacityDefaults: SharedCapacityOptions = {
  cores: 1,
  pressureCalls: 3,
  freshMs: 500, // two intervals of an agent that reports every 250 ms
  goneAfterMs: 2_000, // eight
}

/**
 * Sees a node as cores shared by the calls in flight: distance = (own calls in flight + 1 + 3 ψ) ÷
 * cores, where ψ is the reported CPU pressure, faded with the report's age. Without reports what
 * stays is weighted least-connection by the last capacity known.
 */
export class SharedCapacity implements Observer {
  readonly #options: SharedCapacityOptions
  #cores: number
  #inFlight = 0
  /** Calls in flight when the last report came: what it already shows of our own load. */
  #inFlightReported = 0
  #reported: StateVector | null = null
  #reportedAtMs = 0
  #nowMs = 0

  constructor(options: SharedCapacityOptions) {
    this.#options = options
    this.#cores = options.cores
  }

  report(report: NodeReport, nowMs: number): void {
    if (report.gone === true) {
      this.#reported = null
      return
    }
    if (report.cap.cpus !== undefined) this.#cores = report.cap.cpus
    this.#reported = vectorOf(report.x)
    // The figures are older than their arrival by what the agent says; its clock is not needed.
    this.#reportedAtMs = nowMs - report.age
    this.#inFlightReported = this.#inFlight
  }

  dispatch(_work: Work, nowMs: number): Ticket {
    this.#inFlight += 1
    this.#nowMs = nowMs
    return 0
  }

  settle(_ticket: Ticket, _failed: boolean, nowMs: number): void {
    this.#inFlight -= 1
    this.#nowMs = nowMs
  }

  advance(nowMs: number): void {
    this.#nowMs = nowMs
  }

  forecast(_work: Work): number {
    const pressure = (this.#reported?.cpuPressure ?? 0) * this.#freshness()
    return (this.#inFlight + 1 + this.#options.pressureCalls * pressure) / this.#cores
  }

  predicted(): StateVector {
    const seen = this.#reported
    const fresh = this.#freshness()
    // What the report showed of our own load fades with it, and the calls themselves take its place.
    const moved = (this.#inFlight - this.#inFlightReported * fresh) / this.#cores
    return {
      cpuPressure: faded(seen?.cpuPressure, fresh),
      ioPressure: faded(seen?.ioPressure, fresh),
      memPressure: faded(seen?.memPressure, fresh),
      // Each call of ours runs on one core at most, and shows before the next report does.
      cpu: unit((seen?.cpu ?? 0) * fresh + moved),
      memory: seen?.memory ?? null,
      disk: faded(seen?.disk, fresh),
      network: faded(seen?.network, fresh),
    }
  }

  /** What the last report still counts for, in [0, 1]. */
  #freshness(): number {
    const { freshMs, goneAfterMs } = this.#options
    if (this.#reported === null) return 0
    const ageMs = this.#nowMs - this.#reportedAtMs
    return unit((goneAfterMs - ageMs) / (goneAfterMs - freshMs))
  }
}

function faded(axis: Unit | null | undefined, by: number): Unit | null {
  return axis === null || axis === undefined ? null : unit(axis * by)
}
