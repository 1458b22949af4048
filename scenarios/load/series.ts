import { Latencies } from '../measure/latencies.ts'

/** Length of one step of a time series, milliseconds, unless there would be too many. */
const leastStepMs = 500
const maxSteps = 1_200

/** What was seen in each step of the measured window, by the calls' intended start. */
export type Series = {
  readonly stepMs: number
  readonly sent: readonly number[]
  /** Latency of the right answers, milliseconds; null in a step without one. */
  readonly meanMs: readonly (number | null)[]
  readonly p95Ms: readonly (number | null)[]
}

/** Gathers one series. */
export class SeriesTally {
  readonly #stepMs: number
  readonly #sent: number[]
  readonly #latencies: readonly Latencies[]

  /** @param durationMs length of the measured window */
  constructor(durationMs: number) {
    this.#stepMs = Math.max(leastStepMs, Math.ceil(durationMs / maxSteps))
    const steps = Math.max(1, Math.ceil(durationMs / this.#stepMs))
    this.#sent = Array.from({ length: steps }, () => 0)
    this.#latencies = this.#sent.map(() => Latencies.empty())
  }

  /** @param atMs from the begin of the window, here and below */
  send(atMs: number): void {
    const step = this.#stepOf(atMs)
    this.#sent[step] = (this.#sent[step] ?? 0) + 1
  }

  succeed(atMs: number, latencyMs: number): void {
    this.#latencies[this.#stepOf(atMs)]?.record(latencyMs)
  }

  close(): Series {
    const over = (figure: (one: Latencies) => number) =>
      this.#latencies.map((one) => (one.count === 0 ? null : Number(figure(one).toPrecision(4))))
    return {
      stepMs: this.#stepMs,
      sent: this.#sent,
      meanMs: over((one) => one.meanMs),
      p95Ms: over((one) => one.percentileMs(95)),
    }
  }

  #stepOf(atMs: number): number {
    return Math.min(this.#sent.length - 1, Math.max(0, Math.floor(atMs / this.#stepMs)))
  }
}
