import { Pool } from 'undici'
import { Latencies } from '../measure/latencies.ts'
import type { FailureKind } from './answer.ts'
import { Exchange } from './exchange.ts'
import { Pacer, wallMs } from './pacer.ts'
import { type ClassTally, Tally } from './tally.ts'

/** One call to make: `kind` is its class, an index into {@link OpenLoopOptions.classes}. */
export type Call = {
  readonly kind: number
  readonly method: string
  readonly params: readonly unknown[]
}

export type OpenLoopOptions = {
  readonly url: string
  /** Intended start times, growing, milliseconds from the start of the load. */
  readonly arrivalsMs: Float64Array
  /** Called once for each arrival, in order, also for those that the bound then refuses. */
  readonly nextCall: () => Call
  readonly classes: readonly string[]
  /** Calls due before this are made and not counted. */
  readonly warmupMs: number
  /** Length of the measured window that follows the warm-up. */
  readonly durationMs: number
  /** Calls under way at once, and so connections; one more is counted as failed at once. */
  readonly maxInFlight: number
  /** A call without an answer for so long, from its intended start, has failed. */
  readonly timeoutMs: number
  /** Called when the measured window begins, and when it ends. */
  readonly onWindow: (phase: 'begin' | 'end') => void
  readonly signal: AbortSignal
}

/** What the generator saw in the measured window. */
export type OpenLoopResult = {
  readonly classes: { readonly [name: string]: ClassTally }
  /** How much later than intended calls were handed to the socket, milliseconds. */
  readonly lateness: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number }
  /** Most calls under way at once, warm-up included. */
  readonly mostInFlight: number
  /** Some of the errors behind `rpc-error` and `socket`, in the words they came in. */
  readonly examples: readonly string[]
}

/** Time from the call to start until the first intended start, for the pacing thread to wake. */
const leadMs = 100
/** Answers, or their first words, kept as examples of failure. */
const maxExamples = 5

/**
 * Loads one endpoint as many independent clients would: each call starts at its intended time
 * whether or not earlier ones were answered, and its latency counts from that time, so that a
 * server that stands still is charged for all who waited (no coordinated omission, Gil Tene).
 */
export class OpenLoop {
  readonly #options: OpenLoopOptions
  readonly #pool: Pool
  readonly #tallies: readonly Tally[]
  readonly #lateness = Latencies.empty()
  readonly #examples: string[] = []
  readonly #underWay = new Set<Exchange>()
  #next = 0
  #mostInFlight = 0
  #originMs = 0
  /** Does nothing until the window has ended. */
  #onDone: () => void = () => {}

  constructor(options: OpenLoopOptions) {
    this.#options = options
    this.#tallies = options.classes.map(() => new Tally())
    this.#pool = new Pool(new URL(options.url).origin, {
      connections: options.maxInFlight,
      pipelining: 1,
      // Timeouts are counted from the intended start, by the sweep below.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  /**
   * Makes all calls and waits for the last answer or timeout.
   * @throws AbortError when the signal ends it; the pacer's error when its thread failed
   */
  async run(): Promise<OpenLoopResult> {
    const { arrivalsMs, warmupMs, durationMs, onWindow, signal } = this.#options
    signal.throwIfAborted()
    this.#originMs = wallMs() + leadMs
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
    const windowTimers = [
      setTimeout(onWindow, leadMs + warmupMs, 'begin'),
      setTimeout(onWindow, leadMs + warmupMs + durationMs, 'end'),
    ]
    const untilEnd = setTimeout(() => this.#whenDone(resolve), leadMs + warmupMs + durationMs + 1)
    const sweep = setInterval(() => this.#expire(), 50)
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const pacer = new Pacer(arrivalsMs, this.#originMs, () => this.#start(pacer), reject)
    try {
      await ended
    } finally {
      signal.removeEventListener('abort', onAbort)
      for (const timer of [...windowTimers, untilEnd, sweep]) clearTimeout(timer)
      await pacer.close()
      await this.#pool.destroy()
    }
    return this.#result()
  }

  /** Sends every call whose time has come. */
  #start(pacer: Pacer): void {
    while (pacer.isDue(this.#next)) {
      this.#send(this.#next)
      this.#next += 1
    }
    this.#checkDone()
  }

  #send(id: number): void {
    const { arrivalsMs, warmupMs, maxInFlight, nextCall, url } = this.#options
    const dueMs = arrivalsMs[id] ?? 0
    const call = nextCall()
    const tally = this.#tallies[call.kind]
    const counted = dueMs >= warmupMs ? tally : undefined
    counted?.send()
    if (this.#underWay.size >= maxInFlight) {
      counted?.fail('overflow')
      return
    }
    const exchange = new Exchange(id, dueMs, (failure, detail) => {
      this.#settle(exchange, counted, failure, detail)
    })
    this.#underWay.add(exchange)
    this.#mostInFlight = Math.max(this.#mostInFlight, this.#underWay.size)
    exchange.send(this.#pool, new URL(url).pathname, call)
    if (counted !== undefined) this.#lateness.record(wallMs() - this.#originMs - dueMs)
  }

  #settle(
    exchange: Exchange,
    counted: Tally | undefined,
    failure: FailureKind | null,
    detail: string | null,
  ): void {
    const { warmupMs, durationMs } = this.#options
    this.#underWay.delete(exchange)
    if (counted !== undefined && failure === null) {
      const endMs = exchange.endedAtMs - this.#originMs
      counted.succeed(endMs - exchange.dueMs, endMs < warmupMs + durationMs)
    } else if (counted !== undefined && failure !== null) {
      counted.fail(failure)
      const example = detail === null ? null : `${failure}: ${detail}`
      if (example !== null && !this.#examples.includes(example)) this.#keep(example)
    }
    this.#checkDone()
  }

  #keep(example: string): void {
    if (this.#examples.length < maxExamples) this.#examples.push(example)
  }

  #whenDone(then: () => void): void {
    this.#onDone = then
    this.#checkDone()
  }

  /** Done when every call was made, late ones too, and none is under way. */
  #checkDone(): void {
    const isAllMade = this.#next === this.#options.arrivalsMs.length
    if (isAllMade && this.#underWay.size === 0) this.#onDone()
  }

  /** Ends the calls that have waited too long; they are in the order of their due times. */
  #expire(): void {
    const oldestMs = wallMs() - this.#originMs - this.#options.timeoutMs
    for (const exchange of this.#underWay) {
      if (exchange.dueMs > oldestMs) return
      exchange.abandon()
    }
  }

  #result(): OpenLoopResult {
    const entries = this.#options.classes.map(
      (name, i) => [name, (this.#tallies[i] ?? new Tally()).close()] as const,
    )
    return {
      classes: Object.fromEntries(entries),
      lateness: {
        p50Ms: this.#lateness.percentileMs(50),
        p99Ms: this.#lateness.percentileMs(99),
        maxMs: this.#lateness.maxMs,
      },
      mostInFlight: this.#mostInFlight,
      examples: this.#examples,
    }
  }
}
