import { LoadBook, type OpenLoopResult } from './book.ts'
import type { OpenLoopOptions } from './open-loop.ts'
import { Pacer, wallMs } from './pacer.ts'
import { SessionSocket } from './session-socket.ts'
import type { Call, Outcome, Settled } from './transport.ts'

export type SessionsOptions = Omit<OpenLoopOptions, 'nextCall' | 'onSettled'> & {
  /** What one client does from its arrival on; one that rejects ends the load. */
  readonly play: (session: Session) => Promise<void>
}

/** Time from the call to start until the first intended start, for the pacing thread to wake. */
const leadMs = 100

/**
 * Loads an endpoint with clients that each open a WebSocket at their intended time, do a few things
 * one after the other, and leave. That a client came counts from its intended time, whether or not
 * others before it are done; each thing it then asks counts from when it asked.
 */
export class SessionLoop {
  readonly #options: SessionsOptions
  readonly #book: LoadBook
  readonly #running = new Set<Promise<void>>()
  #next = 0
  #originMs = 0
  #onAllBegun: () => void = () => {}

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#book = new LoadBook(options)
  }

  /** @throws the signal's reason; the pacer's error; what a session rejects with */
  async run(): Promise<OpenLoopResult> {
    const { arrivalsMs, warmupMs, durationMs, onWindow, signal } = this.#options
    signal.throwIfAborted()
    this.#originMs = wallMs() + leadMs
    const { promise: begun, resolve, reject } = Promise.withResolvers<void>()
    const endMs = leadMs + warmupMs + durationMs
    const { promise: over, resolve: end } = Promise.withResolvers<void>()
    const timers = [
      setTimeout(onWindow, leadMs + warmupMs, 'begin'),
      setTimeout(() => {
        onWindow('end')
        end()
      }, endMs),
    ]
    const onAbort = () => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    this.#onAllBegun = resolve
    const pacer = new Pacer(arrivalsMs, this.#originMs, () => this.#start(pacer, reject), reject)
    if (arrivalsMs.length === 0) resolve()
    try {
      await Promise.all([begun, over])
      await Promise.all(this.#running)
    } finally {
      signal.removeEventListener('abort', onAbort)
      for (const timer of timers) clearTimeout(timer)
      await pacer.close()
    }
    return this.#book.result()
  }

  #start(pacer: Pacer, fail: (error: unknown) => void): void {
    const { arrivalsMs, url, timeoutMs } = this.#options
    while (pacer.isDue(this.#next)) {
      const dueMs = arrivalsMs[this.#next] ?? 0
      this.#next += 1
      const session = new Session(url, this.#book, dueMs, this.#originMs, timeoutMs)
      const running = this.#whole(session).catch(fail)
      void running.then(() => this.#running.delete(running))
      this.#running.add(running)
    }
    if (this.#next === arrivalsMs.length) this.#onAllBegun()
  }

  async #whole(session: Session): Promise<void> {
    try {
      await this.#options.play(session)
    } finally {
      await session.close()
    }
  }
}

/** What one client does, and how it went. Nothing of it rejects. */
export class Session {
  /** When the client was to come, milliseconds from the beginning of the load. */
  readonly dueMs: number
  readonly #url: string
  readonly #book: LoadBook
  readonly #originMs: number
  readonly #timeoutMs: number
  #socket: SessionSocket | null = null

  constructor(url: string, book: LoadBook, dueMs: number, originMs: number, timeoutMs: number) {
    this.#url = url
    this.#book = book
    this.dueMs = dueMs
    this.#originMs = originMs
    this.#timeoutMs = timeoutMs
  }

  /** Opens the client's socket; false when that failed. Counts from the intended time. */
  async connect(kind: number): Promise<boolean> {
    const call: Call = { kind, method: 'connect', params: [] }
    const { failure } = await this.#counted(call, this.dueMs, async (signal) => {
      this.#socket = new SessionSocket(this.#url)
      try {
        await this.#socket.opened(signal)
        return { failure: null, detail: null, endedAtMs: wallMs(), result: true }
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error)
        return { failure: 'socket', detail, endedAtMs: wallMs(), result: undefined }
      }
    })
    return failure === null
  }

  /**
   * Asks one thing, from now on.
   * @param mayBeNull null is an answer: what is asked for may not be there yet
   */
  call(call: Call, mayBeNull = false): Promise<Settled> {
    return this.#counted(call, this.#nowMs(), async (signal) => {
      const outcome = await this.#need().call(call.method, call.params, signal)
      const isNull = mayBeNull && outcome.failure === 'empty'
      return isNull ? { ...outcome, failure: null, detail: null, result: null } : outcome
    })
  }

  /** Counts how long it takes until `wait` finds what it waits for; null when it does not in time. */
  async until<Found>(
    kind: number,
    what: string,
    wait: (told: () => Promise<unknown>) => Promise<Found | null>,
  ): Promise<Found | null> {
    let found: Found | null = null
    await this.#counted({ kind, method: what, params: [] }, this.#nowMs(), async (signal) => {
      found = await wait(() => this.#need().told(signal))
      const failure = found === null ? 'timeout' : null
      return { failure, detail: null, endedAtMs: wallMs(), result: found ?? undefined }
    })
    return found
  }

  async close(): Promise<void> {
    await this.#socket?.close()
  }

  /** One entry of the book; one that may not be made any more fails at once. */
  async #counted(
    call: Call,
    dueMs: number,
    make: (signal: AbortSignal) => Promise<Outcome>,
  ): Promise<Settled> {
    const entry = this.#book.begin(call, dueMs)
    if (entry === null) return { failure: 'overflow', result: undefined }
    this.#book.sent(entry, this.#nowMs())
    const outcome = await make(AbortSignal.timeout(this.#timeoutMs))
    this.#book.settle(entry, { ...outcome, endMs: outcome.endedAtMs - this.#originMs })
    return outcome
  }

  #need(): SessionSocket {
    if (this.#socket === null) throw new Error('a session that has not connected')
    return this.#socket
  }

  #nowMs(): number {
    return wallMs() - this.#originMs
  }
}
