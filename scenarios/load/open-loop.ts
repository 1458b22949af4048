import { type BookOptions, LoadBook, type OpenLoopResult } from './book.ts'
import { HttpTransport } from './http-transport.ts'
import type { LargeAnswers } from './large-answers.ts'
import { Pacer, wallMs } from './pacer.ts'
import type { Call, Settled, Transport, UnderWay } from './transport.ts'
import { WebSocketTransport } from './web-socket-transport.ts'

export type OpenLoopOptions = BookOptions & {
  /** `http://` or `ws://`. */
  readonly url: string
  /** Intended start times, growing, milliseconds from the start of the load. */
  readonly arrivalsMs: Float64Array
  /** Called once for each arrival, in order, also for those that the bound then refuses. */
  readonly nextCall: () => Call
  /** A call without an answer for so long, from its intended start, has failed. */
  readonly timeoutMs: number
  /** Judges large answers over HTTP, whose results are not told then; without it all are parsed here. */
  readonly large?: LargeAnswers
  /** Told how each call ended, also one that was never sent. */
  readonly onSettled?: (call: Call, settled: Settled) => void
  /** Called when the measured window begins, and when it ends. */
  readonly onWindow: (phase: 'begin' | 'end') => void
  readonly signal: AbortSignal
}

/** Time from the call to start until the first intended start, for the pacing thread to wake. */
const leadMs = 100
const sweepMs = 50

/**
 * Loads one endpoint as many independent clients would: each call starts at its intended time
 * whether or not earlier ones were answered, and its latency counts from that time, so that a
 * server that stands still is charged for all who waited (no coordinated omission, Gil Tene).
 */
export class OpenLoop {
  readonly #options: OpenLoopOptions
  readonly #transport: Transport
  readonly #book: LoadBook
  /** With their due times, in the order of these. */
  readonly #underWay = new Map<UnderWay, number>()
  #next = 0
  #originMs = 0
  /** Does nothing until the window has ended. */
  #onDone: () => void = () => {}

  constructor(options: OpenLoopOptions) {
    const { url, maxInFlight, large } = options
    this.#options = options
    this.#book = new LoadBook(options)
    this.#transport = /^wss?:/.test(url)
      ? new WebSocketTransport(url)
      : new HttpTransport(url, maxInFlight, large ?? null)
  }

  /**
   * Makes all calls and waits for the last answer or timeout.
   * @throws AbortError when the signal ends it; the pacer's error when its thread failed; the
   *   transport's when the endpoint cannot be reached by it
   */
  async run(): Promise<OpenLoopResult> {
    const { arrivalsMs, warmupMs, durationMs, onWindow, signal } = this.#options
    try {
      signal.throwIfAborted()
      await this.#transport.open()
    } catch (error) {
      await this.#transport.close()
      throw error
    }
    this.#originMs = wallMs() + leadMs
    const { promise: ended, resolve, reject } = Promise.withResolvers<void>()
    void this.#options.large?.lost.then(reject)
    const windowTimers = [
      setTimeout(onWindow, leadMs + warmupMs, 'begin'),
      setTimeout(onWindow, leadMs + warmupMs + durationMs, 'end'),
    ]
    const untilEnd = setTimeout(() => this.#whenDone(resolve), leadMs + warmupMs + durationMs + 1)
    const sweep = setInterval(() => this.#expire(), sweepMs)
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    const pacer = new Pacer(arrivalsMs, this.#originMs, () => this.#start(pacer), reject)
    try {
      await ended
    } finally {
      signal.removeEventListener('abort', onAbort)
      for (const timer of [...windowTimers, untilEnd, sweep]) clearTimeout(timer)
      await pacer.close()
      await this.#transport.close()
    }
    return this.#book.result()
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
    const { arrivalsMs, nextCall, onSettled } = this.#options
    const dueMs = arrivalsMs[id] ?? 0
    const call = nextCall()
    const entry = this.#book.begin(call, dueMs)
    if (entry === null) {
      onSettled?.(call, { failure: 'overflow', result: undefined })
      return
    }
    const underWay = this.#transport.send(id, call, (outcome) => {
      this.#underWay.delete(underWay)
      this.#book.settle(entry, { ...outcome, endMs: outcome.endedAtMs - this.#originMs })
      onSettled?.(call, outcome)
      this.#checkDone()
    })
    this.#underWay.set(underWay, dueMs)
    this.#book.sent(entry, wallMs() - this.#originMs)
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
    for (const [underWay, dueMs] of this.#underWay) {
      if (dueMs > oldestMs) return
      underWay.abandon()
    }
  }
}
