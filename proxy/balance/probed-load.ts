import type { Clock } from '../clock.ts'
import type { Ticket, Work } from '../state/work.ts'
import type { LoadMeter } from './meter.ts'

/** Latencies kept for each number of calls in flight. */
const kept = 16

/** Numbers of calls in flight that are told apart; above, all are one. */
const maxLevel = 128

/** A latency counts for so long, ms; what is older would keep calls from a node that is fast again. */
const freshMs = 10_000

/**
 * What a Prequal probe of a node would be answered with: its requests in flight, and the median of
 * the last latencies of requests that came when as many were in flight as when the next comes, or
 * nearly as many; 0 where there are none, so that a node long at rest is tried.
 *
 * How near and how old is left open by the paper. `RecentMedian` of prequal-rs/prequal
 * (`prequal-server/src/median.rs`) takes all of the last second at one more or less than now, which
 * makes a worse rival: simulated, the five profiles at 0.7, 1.25 to 1.33 of weighted
 * least-connection's mean for 1.05 to 1.19; on real Geths 1.63 (`hetero`) and 1.31 (`both`).
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
    const level = Math.min(maxLevel, this.#inFlight + coming + 1)
    const sinceMs = this.#clock.nowMs() - freshMs
    const found: number[] = []
    for (let off = 0; off <= maxLevel && found.length === 0; off++) {
      this.#levels[level - off]?.since(sinceMs, found)
      if (found.length === 0) this.#levels[level + off]?.since(sinceMs, found)
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
