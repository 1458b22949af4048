import { ContractStats } from './contract-stats.ts'
import { Counts, otherName } from './counts.ts'
import { Histogram } from './histogram.ts'

/** What {@link CallStats} holds of one method. */
export type MethodCalls = { readonly codes: Counts; readonly durations: Histogram }

/** Codes of one method that get a series of their own: `ok`, JSON-RPC codes, `timeout` and such. */
const maxCodes = 16

const maxShedReasons = 16

/** Upper bounds of `equipoise_batch_size`, in calls. Geth takes 1000 at most. */
const batchBounds: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]

/**
 * What clients asked and how it ended. The relay counts here, once for each call; plain numbers
 * until a scrape copies them.
 */
export class CallStats {
  /** Tries after the first one of a call. Whoever tries again adds to it. */
  retries = 0
  /** Calls refused for want of room, by reason. */
  readonly shed = new Counts(maxShedReasons)
  /** Calls in each batch. */
  readonly batches = new Histogram(batchBounds)
  /** The same by contract and function. */
  readonly contracts = new ContractStats()
  readonly #known: ReadonlySet<string>
  readonly #byMethod = new Map<string, MethodCalls>()

  /** @param methods that get series of their own, once called; all others are `other`. */
  constructor(methods: Iterable<string>) {
    this.#known = new Set(methods)
  }

  /**
   * Calls are answered.
   * @param code `ok`, the JSON-RPC error code, or a word such as `timeout` or `canceled`
   * @param seconds from the arrival of its request to its answer; finite, not negative
   * @param times of how many calls of one batch this is so
   */
  record(method: string, code: string, seconds: number, times = 1): void {
    const calls = this.#byMethod.get(method) ?? this.#firstOf(method)
    calls.codes.add(code, times)
    calls.durations.observe(seconds, times)
  }

  /** Methods called so far. */
  get methods(): Iterable<readonly [string, MethodCalls]> {
    return this.#byMethod
  }

  #firstOf(method: string): MethodCalls {
    const name = this.#known.has(method) ? method : otherName
    const had = this.#byMethod.get(name)
    if (had !== undefined) return had
    const calls = { codes: new Counts(maxCodes), durations: new Histogram() }
    this.#byMethod.set(name, calls)
    return calls
  }
}
