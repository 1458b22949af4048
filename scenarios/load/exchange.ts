import type { Dispatcher } from 'undici'
import { type FailureKind, judge } from './answer.ts'
import { wallMs } from './pacer.ts'

/** Called once, when a call has ended: null for a good answer. `detail` is in the server's words. */
export type OnSettled = (failure: FailureKind | null, detail: string | null) => void

/** An answer longer than this is cut off and counted as malformed. */
const maxAnswerBytes = 64 * 1024 * 1024
const detailLength = 200

/** One call on its way: sends it, gathers the answer, stops the clock, then judges. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly id: number
  /** Intended start, on the load's own time line. */
  readonly dueMs: number
  /** When the last byte came, on the clock of `wallMs`; 0 until then. */
  endedAtMs = 0
  readonly #onSettled: OnSettled
  readonly #chunks: Buffer[] = []
  #sizeBytes = 0
  #status = 0
  #controller: Dispatcher.DispatchController | null = null
  #settled = false

  constructor(id: number, dueMs: number, onSettled: OnSettled) {
    this.id = id
    this.dueMs = dueMs
    this.#onSettled = onSettled
  }

  send(
    dispatcher: Dispatcher,
    path: string,
    call: { readonly method: string; readonly params: readonly unknown[] },
  ): void {
    const { method, params } = call
    dispatcher.dispatch(
      {
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: this.id, method, params }),
      },
      this,
    )
  }

  /** Ends it now as timed out and frees its connection. */
  abandon(): void {
    this.#settle('timeout', null)
    this.#controller?.abort(new Error('no answer in time'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // Abandoned while it waited for a connection.
    if (this.#settled) controller.abort(new Error('no answer in time'))
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#sizeBytes += chunk.length
    if (this.#sizeBytes <= maxAnswerBytes) {
      this.#chunks.push(chunk)
      return
    }
    this.#settle('malformed', `longer than ${maxAnswerBytes} bytes`)
    controller.abort(new Error('answer too long'))
  }

  onResponseEnd(): void {
    this.endedAtMs = wallMs()
    const body = Buffer.concat(this.#chunks)
    const failure = judge({ status: this.#status, body }, this.id)
    const detail = failure === null ? null : body.toString('utf8', 0, detailLength)
    this.#settle(failure, failure === 'http' ? `${this.#status} ${detail}` : detail)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle('socket', error.message)
  }

  #settle(failure: FailureKind | null, detail: string | null): void {
    if (this.#settled) return
    this.#settled = true
    this.#chunks.length = 0
    this.#onSettled(failure, detail)
  }
}
