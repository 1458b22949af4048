import type { Ticket, Work } from '../state/work.ts'
import type { LoadMeter } from './meter.ts'

/** Latencies kept for each number of calls in flight. */
const kept = 16

/** Numbers of calls in flight that are told apart; above, all are one. */
const maxLevel = 128

/**
 * What a Prequal probe of a node would be answered with: its requests in flight, and the median of
 * recent latencies of requests that came when about as many were in flight.
 *
 * A real Prequal server answers for *all* of its clients. Geth answers no such question, so this is
 * what the proxy can honestly know of the node: its own calls in flight and its own round trips. With
 * one proxy the first is the same; load that others send is seen in the latencies alone.
 */
export class ProbedLoad implements LoadMeter {
  #inFlight = 0
  /** By calls in flight on arrival, the call itself included: a ring of latencies in milliseconds. */
  readonly #levels: (Ring | undefined)[] = new Array(maxLevel + 1).fill(undefined)
  readonly #arrivedAt: number[] = []
  readonly #free: number[] = []

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
    ring.add(rttMs)
  }

  report(): void {}

  predicted(): null {
    return null
  }

  /** Milliseconds that a call sent now would take, by those that came at a like time; 0 unless known. */
  latencyMs(): number {
    const level = Math.min(maxLevel, this.#inFlight + 1)
    for (let off = 0; off <= maxLevel; off++) {
      const ring = this.#levels[level - off] ?? this.#levels[level + off]
      if (ring !== undefined) return ring.median()
    }
    return 0
  }
}

/** The last few numbers. */
class Ring {
  readonly #last: number[] = []
  #next = 0
  #median: number | null = 0

  add(value: number): void {
    this.#median = null
    this.#last[this.#next] = value
    this.#next = (this.#next + 1) % kept
  }

  median(): number {
    // Asked three times as often as it changes.
    if (this.#median === null) {
      const sorted = this.#last.toSorted((a, b) => a - b)
      this.#median = sorted[sorted.length >> 1] ?? 0
    }
    return this.#median
  }
}
