import { Latencies } from '../measure/latencies.ts'
import type { FailureKind } from './answer.ts'
import { HeadsSeen } from './heads-seen.ts'
import { type Series, SeriesTally } from './series.ts'
import { type ClassTally, type Slowdown, slowdownOf, Tally } from './tally.ts'
import type { Call } from './transport.ts'

export type BookOptions = {
  readonly classes: readonly string[]
  /** Calls due before this are not counted. */
  readonly warmupMs: number
  /** Length of the measured window that follows the warm-up. */
  readonly durationMs: number
  /** Calls under way at once; one more is counted as failed at once. */
  readonly maxInFlight: number
  /** What a call of each row of the workload takes on an idle node, null where not known. */
  readonly idleMs: readonly (number | null)[]
}

/** What the generator saw in the measured window. */
export type OpenLoopResult = {
  readonly classes: { readonly [name: string]: ClassTally }
  /** Of all classes together; null when no idle time is known. */
  readonly slowdown: Slowdown | null
  /** How much later than intended calls were handed to the socket, milliseconds. */
  readonly lateness: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
  /** Most calls under way at once, warm-up included. */
  readonly mostInFlight: number
  /** Some of the errors behind `rpc-error` and `socket`, in the words they came in. */
  readonly examples: readonly string[]
  readonly series: Series
  /** See {@link HeadsSeen}; over the warm-up too. */
  readonly backwardSteps: number | null
}

/** A call that was let through, until it is settled. */
export type Entry = {
  readonly dueMs: number
  readonly call: Call
  readonly highestHead: number
}

/** How a call ended; see `Outcome`. Times are on the load's own line, 0 its first moment. */
export type Settlement = {
  readonly failure: FailureKind | null
  readonly detail: string | null
  readonly endMs: number
  readonly result: unknown
}

/** Answers, or their first words, kept as examples of failure. */
const maxExamples = 5

/**
 * Keeps count of a load: who was let through, what became of it, how late it was sent. It reads no
 * clock and knows no socket, so that a simulated server can be put in their place.
 */
export class LoadBook {
  readonly #options: BookOptions
  readonly #tallies: readonly Tally[]
  readonly #lateness = Latencies.empty()
  readonly #examples: string[] = []
  readonly #series: SeriesTally
  readonly #heads = new HeadsSeen()
  #inFlight = 0
  #mostInFlight = 0

  constructor(options: BookOptions) {
    this.#options = options
    this.#tallies = options.classes.map(() => new Tally())
    this.#series = new SeriesTally(options.durationMs)
  }

  /** A call has come due. @returns null when it fails at once, since too many are under way */
  begin(call: Call, dueMs: number): Entry | null {
    const { warmupMs, maxInFlight } = this.#options
    const counted = this.#countedIn(call, dueMs)
    counted?.send()
    if (counted !== undefined) this.#series.send(dueMs - warmupMs)
    if (this.#inFlight >= maxInFlight) {
      counted?.fail('overflow')
      return null
    }
    this.#inFlight += 1
    this.#mostInFlight = Math.max(this.#mostInFlight, this.#inFlight)
    return { dueMs, call, highestHead: this.#heads.highest }
  }

  /** It was handed to the socket. */
  sent({ dueMs }: Entry, atMs: number): void {
    if (dueMs >= this.#options.warmupMs) this.#lateness.record(atMs - dueMs)
  }

  /** It has ended. To be told once. */
  settle({ dueMs, call, highestHead }: Entry, settlement: Settlement): void {
    const { failure, detail, endMs, result } = settlement
    const { warmupMs, durationMs, idleMs } = this.#options
    this.#inFlight -= 1
    if (failure === null && call.method === 'eth_blockNumber') this.#heads.show(result, highestHead)
    const counted = this.#countedIn(call, dueMs)
    if (counted === undefined) return
    if (failure === null) {
      const idle = call.row === undefined ? null : (idleMs[call.row] ?? null)
      counted.succeed(endMs - dueMs, endMs < warmupMs + durationMs, idle)
      this.#series.succeed(dueMs - warmupMs, endMs - dueMs)
      return
    }
    counted.fail(failure)
    const example = detail === null ? null : `${failure}: ${detail}`
    const isNew = example !== null && !this.#examples.includes(example)
    if (isNew && this.#examples.length < maxExamples) this.#examples.push(example)
  }

  result(): OpenLoopResult {
    const slowdowns = Latencies.empty()
    for (const tally of this.#tallies) slowdowns.add(tally.slowdowns)
    return {
      classes: Object.fromEntries(
        this.#options.classes.map((name, i) => [name, (this.#tallies[i] ?? new Tally()).close()]),
      ),
      slowdown: slowdownOf(slowdowns),
      lateness: {
        p50Ms: this.#lateness.percentileMs(50),
        p99Ms: this.#lateness.percentileMs(99),
        maxMs: this.#lateness.maxMs,
      },
      mostInFlight: this.#mostInFlight,
      examples: this.#examples,
      series: this.#series.close(),
      backwardSteps: this.#heads.backwardSteps,
    }
  }

  #countedIn(call: Call, dueMs: number): Tally | undefined {
    return dueMs >= this.#options.warmupMs ? this.#tallies[call.kind] : undefined
  }
}
