import { Latencies } from '../measure/latencies.ts'
import type { FailureKind } from './answer.ts'

/** How many times as long as on an idle node calls took. */
export type Slowdown = { readonly mean: number; readonly p50: number; readonly p99: number }

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
  /** Null when the idle times of its calls are not known. */
  readonly slowdown: Slowdown | null
}

/** Slowdowns are kept as if they were milliseconds: to a thousandth, and to three digits. */
type Slowdowns = Latencies

/** Counts one class of calls. */
export class Tally {
  readonly latencies = Latencies.empty()
  readonly slowdowns: Slowdowns = Latencies.empty()
  readonly #failures: { [kind in FailureKind]?: number } = {}
  #sent = 0
  #inWindow = 0

  send(): void {
    this.#sent += 1
  }

  /** @param idleMs what such a call takes on an idle node; null when not known */
  succeed(latencyMs: number, inWindow: boolean, idleMs: number | null = null): void {
    this.latencies.record(latencyMs)
    if (inWindow) this.#inWindow += 1
    if (idleMs !== null) this.slowdowns.record(latencyMs / idleMs)
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
      slowdown: slowdownOf(this.slowdowns),
    }
  }
}

/** Null when there is none. */
export function slowdownOf(slowdowns: Slowdowns): Slowdown | null {
  if (slowdowns.count === 0) return null
  const { meanMs: mean } = slowdowns
  return { mean, p50: slowdowns.percentileMs(50), p99: slowdowns.percentileMs(99) }
}
