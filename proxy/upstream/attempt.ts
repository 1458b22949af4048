import type { Dispatcher } from 'undici'
import { UpstreamError } from '../errors.ts'

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

  /** One attempt at a time listens; null when it is over. */
  listen(onCancel: ((reason: Error) => void) | null): void {
    this.#onCancel = onCancel
  }
}

/** Codes of system and undici errors that say that no connection stood, so nothing was sent. */
const unsentCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_CLOSED',
  'UND_ERR_DESTROYED',
])

/** One HTTP exchange with a node: collects the body of its answer, up to a bound. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly #upstream: string
  readonly #maxBytes: number
  readonly #cancellation: Cancellation
  readonly #settled = Promise.withResolvers<Buffer>()
  #controller: Dispatcher.DispatchController | null = null
  #status = 0
  #first: Buffer | null = null
  #rest: Buffer[] | null = null
  #bytes = 0
  #overdue = false
  #abandoned: Error | null = null

  constructor(upstream: string, maxBytes: number, cancellation: Cancellation) {
    this.#upstream = upstream
    this.#maxBytes = maxBytes
    this.#cancellation = cancellation
  }

  /**
   * The whole body of an answer with HTTP status 200.
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

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#abandoned !== null) controller.abort(this.#abandoned)
    else if (this.#cancellation.isCancelled) controller.abort(new Error('the client went away'))
    else this.#cancellation.listen((reason) => controller.abort(reason))
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > this.#maxBytes) {
      controller.abort(new Error(`an answer above ${this.#maxBytes} bytes`))
      return
    }
    if (this.#first === null) this.#first = chunk
    else if (this.#rest === null) this.#rest = [this.#first, chunk]
    else this.#rest.push(chunk)
  }

  onResponseEnd(): void {
    this.#cancellation.listen(null)
    if (this.#status !== 200) {
      this.#settled.reject(
        new UpstreamError('UPSTREAM_NONSENSE', this.#upstream, `HTTP ${this.#status}`),
      )
      return
    }
    this.#settled.resolve(
      this.#rest === null ? (this.#first ?? noBytes) : Buffer.concat(this.#rest),
    )
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#cancellation.listen(null)
    const cause = error as Error & { readonly code?: string }
    const isTimeout = this.#overdue || cause.code?.endsWith('_TIMEOUT') === true
    const unsent = unsentCodes.has(cause.code ?? '')
    const code = isTimeout && !unsent ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNREACHABLE'
    this.#settled.reject(new UpstreamError(code, this.#upstream, cause.message, { cause, unsent }))
  }
}

const noBytes = Buffer.alloc(0)
