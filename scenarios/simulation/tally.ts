import { LatencySample } from './latency-sample.ts'

/** Latencies of one class of calls, milliseconds. */
export type LatencyFigures = {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** What one strategy did in one trial. */
export type TrialFigures = {
  readonly all: LatencyFigures
  /** Calls that should not feel the others, and those that others feel. */
  readonly light: LatencyFigures
  readonly heavy: LatencyFigures
  /** Latency ÷ what the call would have taken on an idle node. */
  readonly slowdown: { readonly mean: number; readonly p99: number }
  /** Calls that waited at the proxy, and the mean wait over all heavy calls in ms. */
  readonly heldCalls: number
  readonly heldMs: number
  readonly refused: number
  /** Calls that had no answer when the trial ended; counted with the time they had waited by then. */
  readonly unfinished: number
  /** Share of the calls by node, in the order of the nodes. */
  readonly shares: readonly number[]
  /** CPU used ÷ cores, all nodes together, whatever used it. */
  readonly use: number
}

/** Gathers what came of the calls of one trial. */
export class Tally {
  readonly #all = new LatencySample()
  readonly #light = new LatencySample()
  readonly #heavy = new LatencySample()
  readonly #slowdown = new LatencySample()
  readonly #calls: number[]
  #heldCalls = 0
  #heldMs = 0
  #refused = 0
  #unfinished = 0

  constructor(nodes: number) {
    this.#calls = new Array<number>(nodes).fill(0)
  }

  /** @param idealMs what the call would have taken on an idle node */
  answered(latencyMs: number, idealMs: number, isLight: boolean): void {
    this.#all.add(latencyMs)
    this.#slowdown.add(latencyMs / idealMs)
    if (isLight) this.#light.add(latencyMs)
    else this.#heavy.add(latencyMs)
  }

  placed(node: number, heldMs: number): void {
    this.#calls[node] = (this.#calls[node] ?? 0) + 1
    if (heldMs === 0) return
    this.#heldCalls += 1
    this.#heldMs += heldMs
  }

  refuse(): void {
    this.#refused += 1
  }

  /** A call without an answer at the end; tell its wait to {@link answered} too. */
  leaveUnfinished(): void {
    this.#unfinished += 1
  }

  figures(use: number): TrialFigures {
    const calls = this.#calls.reduce((sum, count) => sum + count, 0)
    return {
      all: figuresOf(this.#all),
      light: figuresOf(this.#light),
      heavy: figuresOf(this.#heavy),
      slowdown: { mean: this.#slowdown.mean, p99: this.#slowdown.quantile(0.99) },
      heldCalls: this.#heldCalls,
      heldMs: this.#heavy.count === 0 ? 0 : this.#heldMs / this.#heavy.count,
      refused: this.#refused,
      unfinished: this.#unfinished,
      shares: this.#calls.map((count) => (calls === 0 ? 0 : count / calls)),
      use,
    }
  }
}

function figuresOf(sample: LatencySample): LatencyFigures {
  return {
    count: sample.count,
    mean: sample.mean,
    p50: sample.quantile(0.5),
    p95: sample.quantile(0.95),
    p99: sample.quantile(0.99),
  }
}
