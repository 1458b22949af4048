import { type FailureCode, UpstreamError } from '../errors.ts'
import type { AnswerControl, AnswerHandler } from './connection.ts'
import { Flow } from './flow.ts'
import type { LoadHeaders } from './orca-header.ts'

/** What ends an attempt early: the client's connection, for as long as its request is answered. */
export class Cancellation {
  #cancelled = false
  #onCancel: ((reason: Error) => void) | null = null

  get isCancelled(): boolean {
    return this.#cancelled
  }

  /** Ends the attempt under way, and all that would follow it. */
  cancel(): void {
    this.#cancelled = true
    this.#onCancel?.(new Error('the client went away'))
  }

  /** One attempt at a time listens: the last one that began. */
  listen(onCancel: (reason: Error) => void): void {
    this.#onCancel = onCancel
  }

  /** An attempt is over. One that was given up may end after the next has begun. */
  forget(onCancel: (reason: Error) => void): void {
    if (this.#onCancel === onCancel) this.#onCancel = null
  }
}

/**
 * Codes of system errors, undici's and our own, that say that no connection stood, so nothing was sent. Not
 * `DESTROYED`: what is destroyed ends what was sent as well.
 */
const unsentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CLOSED',
  'CONNECT_TIMEOUT',
  'CLOSED',
])

/** An answer larger than this flows instead of being held, where that is wanted; bytes. */
const holdUpTo = 1_048_576

/**
 * The same where the node does not count: all of it is held before it is known to be large, for each
 * client at once (25 slow ones of 50: 265 MB of memory in place of 290).
 */
const holdUncountedUpTo = 262_144

/** Where it is known from the start that an answer is large, as much is awaited to see its form. */
const openingBytes = 4_096

/** Those headers of an answer that are looked at, by lower-case name. */
type AnswerHeaders = {
  readonly 'content-length'?: string | undefined
  readonly 'transfer-encoding'?: string | undefined
  readonly 'endpoint-load-metrics'?: string | undefined
  readonly 'endpoint-load-metrics-bin'?: string | undefined
}

/** One HTTP exchange with a node: collects the body of its answer, up to a bound. */
export class Attempt implements AnswerHandler {
  readonly #upstream: string
  readonly #maxBytes: number
  readonly #cancellation: Cancellation
  readonly #mayFlow: boolean
  readonly #settled = Promise.withResolvers<Buffer>()
  readonly #onCancel = (reason: Error): void => this.abandon(reason)
  #controller: AnswerControl | null = null
  #status = 0
  #first: Buffer | null = null
  #rest: Buffer[] | null = null
  #bytes = 0
  /** As many bytes make a flow of it. */
  #flowFrom = Number.POSITIVE_INFINITY
  #length: number | null = null
  #overdue = false
  #isTooLarge = false
  #abandoned: Error | null = null
  /** What `answer` is only the opening of; null while the answer is held. */
  flow: Flow | null = null
  /** What the node said of its load with the answer; null where it said nothing. */
  load: LoadHeaders | null = null

  /** @param mayFlow whether a large answer may be handed on before it is whole */
  constructor(upstream: string, maxBytes: number, cancellation: Cancellation, mayFlow = false) {
    this.#upstream = upstream
    this.#maxBytes = maxBytes
    this.#cancellation = cancellation
    this.#mayFlow = mayFlow
    cancellation.listen(this.#onCancel)
  }

  /**
   * The whole body of an answer with HTTP status 200, or the opening of one that flows.
   * @throws UpstreamError for everything else
   */
  get answer(): Promise<Buffer> {
    return this.#settled.promise
  }

  /** Its time is over. */
  expire(): void {
    this.#overdue = true
    this.abandon(new Error('no answer in time'))
  }

  /** It makes no sense to wait for it any longer. */
  abandon(reason: Error): void {
    // Without a controller the call still waits for a connection, and is aborted when it gets one.
    this.#abandoned = reason
    if (this.#controller === null) this.onResponseError(null, reason)
    else this.#controller.abort(reason)
  }

  onRequestStart(controller: AnswerControl): void {
    this.#controller = controller
    if (this.#abandoned !== null) controller.abort(this.#abandoned)
    else if (this.#cancellation.isCancelled) controller.abort(new Error('the client went away'))
  }

  onResponseStart(_controller: AnswerControl, status: number, headers: AnswerHeaders): void {
    this.#status = status
    const plain = headers['endpoint-load-metrics']
    const binary = headers['endpoint-load-metrics-bin']
    if (plain !== undefined || binary !== undefined) {
      this.load = { plain: plain ?? null, binary: binary ?? null }
    }
    if (this.#mayFlow && status === 200) this.#watchLength(headers)
  }

  onResponseData(controller: AnswerControl, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) {
      this.#isTooLarge = true
      controller.abort(new Error(`an answer above ${this.#maxBytes} bytes`))
      return
    }
    if (this.flow !== null) {
      this.flow.take(chunk)
      return
    }
    if (this.#first === null) this.#first = chunk
    else if (this.#rest === null) this.#rest = [this.#first, chunk]
    else this.#rest.push(chunk)
    if (this.#bytes >= this.#flowFrom) this.#startFlow(controller)
  }

  onResponseEnd(): void {
    this.#cancellation.forget(this.#onCancel)
    if (this.flow !== null) {
      if (!this.flow.finish()) this.flow.fail(this.#nonsense('an answer without an end'))
      return
    }
    if (this.#status !== 200) {
      this.#settled.reject(this.#nonsense(`HTTP ${this.#status}`))
      return
    }
    this.#settled.resolve(this.#held)
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#cancellation.forget(this.#onCancel)
    const cause = error as Error & { readonly code?: string }
    const unsent = unsentCodes.has(cause.code ?? '')
    const code = this.#codeOf(cause.code ?? '', unsent)
    const failure = new UpstreamError(code, this.#upstream, cause.message, { cause, unsent })
    if (this.flow === null) this.#settled.reject(failure)
    else this.flow.fail(failure)
  }

  #codeOf(code: string, unsent: boolean): `UPSTREAM_${string}` & FailureCode {
    if (this.#isTooLarge) return 'UPSTREAM_TOO_LARGE'
    const isTimeout = this.#overdue || code.endsWith('_TIMEOUT')
    return isTimeout && !unsent ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNREACHABLE'
  }

  #nonsense(problem: string): UpstreamError {
    return new UpstreamError('UPSTREAM_NONSENSE', this.#upstream, problem)
  }

  get #held(): Buffer {
    return this.#rest === null ? (this.#first ?? noBytes) : Buffer.concat(this.#rest)
  }

  /** An answer whose end only the connection's end tells is held: it might be cut short. */
  #watchLength(headers: AnswerHeaders): void {
    const declared = headers['content-length']
    if (declared !== undefined) {
      this.#length = Number(declared)
      if (this.#length > holdUpTo) this.#flowFrom = openingBytes
    } else if (headers['transfer-encoding'] !== undefined) this.#flowFrom = holdUncountedUpTo
  }

  #startFlow(controller: AnswerControl): void {
    const opening = this.#held
    const restBytes = this.#length === null ? null : this.#length - opening.length
    this.#first = null
    this.#rest = null
    this.flow = new Flow(opening, restBytes, controller)
    this.#settled.resolve(opening)
  }
}

const noBytes = Buffer.alloc(0)
