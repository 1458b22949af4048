import type { Clock } from '../clock.ts'
import type { Ticket, Work } from '../state/work.ts'
import type { LoadMeter } from './meter.ts'

/** Latencies kept for each number of calls in flight. */
const kept = 16

/** Numbers of calls in flight that are told apart; above, all are one. */
const maxLevel = 128

/** A latency counts for so long, ms; what is older would keep calls from a node that has become fast again. */
const freshMs = 1_000

/** Latencies that came with so many calls in flight more or less are asked as well. */
const near = 1

/**
 * What a Prequal probe of a node would be answered with: its requests in flight, and the median
 * latency of those that ended within the last second and came when as many were in flight, one more
 * or one less; 0 where there were none, so that a node at rest is tried.
 *
 * @see `RecentMedian` in `prequal-server/src/median.rs` of prequal-rs/prequal ("the paper's
 *   estimator"), whose figures these are.
 *
 * A real Prequal server answers for *all* of its clients. Geth answers no such question, so this is
 * what the proxy can honestly know of the node: its own calls in flight and its own round trips. With
 * one proxy the first is the same; load that others send is seen in the latencies alone.
 */
export class ProbedLoad implements LoadMeter {
  readonly #clock: Clock
  #inFlight = 0
  /** By calls in flight on arrival, the call itself included. */
  readonly #levels: (Ring | undefined)[] = new Array(maxLevel + 1).fill(undefined)
  readonly #arrivedAt: number[] = []
  readonly #free: number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Requests in flight. */
  cost(): number {
    return this.#inFlight
  }

  start(): Ticket {
    this.#inFlight += 1
    const ticket = this.#free.pop() ?? this.#arrivedAt.length
    this.#arrivedAt[ticket] = Math.min(maxLevel, this.#inFlight)
    return ticket
  }

  settle(ticket: Ticket, _work: Work, rttMs: number, failed: boolean): void {
    this.#inFlight -= 1
    const level = this.#arrivedAt[ticket] ?? 0
    this.#free.push(ticket)
    if (failed) return
    const ring = this.#levels[level] ?? new Ring()
    this.#levels[level] = ring
    ring.add(rttMs, this.#clock.nowMs())
  }

  report(): void {}

  predicted(): null {
    return null
  }

  /**
   * What a probe would be told, in milliseconds.
   * @param coming calls that will be there when the probe is, and are not counted yet
   */
  latencyMs(coming = 0): number {
    const level = Math.min(maxLevel, this.#inFlight + coming)
    const sinceMs = this.#clock.nowMs() - freshMs
    const found: number[] = []
    for (let at = Math.max(0, level - near); at <= Math.min(maxLevel, level + near); at++) {
      this.#levels[at]?.since(sinceMs, found)
    }
    found.sort((a, b) => a - b)
    return found[found.length >> 1] ?? 0
  }
}

/** The last few latencies, and when each was seen. */
class Ring {
  readonly #lastMs: number[] = []
  readonly #atMs: number[] = []
  #next = 0

  add(latencyMs: number, nowMs: number): void {
    this.#lastMs[this.#next] = latencyMs
    this.#atMs[this.#next] = nowMs
    this.#next = (this.#next + 1) % kept
  }

  /** Adds those seen at `sinceMs` or later to `found`. */
  since(sinceMs: number, found: number[]): void {
    for (let i = 0; i < this.#lastMs.length; i++) {
      if ((this.#atMs[i] ?? 0) >= sinceMs) found.push(this.#lastMs[i] ?? 0)
    }
  }
}
