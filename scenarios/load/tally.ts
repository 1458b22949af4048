import { Latencies } from '../measure/latencies.ts'
import type { FailureKind } from './answer.ts'

/** What became of the calls of one class in the measured window. */
export type ClassTally = {
  /** Calls that fell due in the window, the failed among them. */
  readonly sent: number
  /** Answered rightly, at whatever time. */
  readonly succeeded: number
  /** Answered rightly before the window ended; these make the throughput. */
  readonly inWindow: number
  readonly failures: { readonly [kind in FailureKind]?: number }
  /** Of the right answers, from the intended start to the last byte. */
  readonly meanMs: number
  /** See {@link Latencies.encoded}. */
  readonly histogram: string
}

/** Counts one class of calls. */
export class Tally {
  readonly latencies = Latencies.empty()
  readonly #failures: { [kind in FailureKind]?: number } = {}
  #sent = 0
  #inWindow = 0

  send(): void {
    this.#sent += 1
  }

  succeed(latencyMs: number, inWindow: boolean): void {
    this.latencies.record(latencyMs)
    if (inWindow) this.#inWindow += 1
  }

  fail(kind: FailureKind): void {
    this.#failures[kind] = (this.#failures[kind] ?? 0) + 1
  }

  close(): ClassTally {
    return {
      sent: this.#sent,
      succeeded: this.latencies.count,
      inWindow: this.#inWindow,
      failures: this.#failures,
      meanMs: this.latencies.meanMs,
      histogram: this.latencies.encoded(),
    }
  }
}
