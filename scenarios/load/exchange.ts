import type { Dispatcher } from 'undici'
import { type FailureKind, judged } from './answer.ts'
import type { LargeAnswers } from './large-answers.ts'
import { wallMs } from './pacer.ts'
import type { Call, Outcome, UnderWay } from './transport.ts'

/** An answer longer than this is cut off and counted as malformed. */
const maxAnswerBytes = 64 * 1024 * 1024
/** Of a bad answer so many bytes are kept as an example. */
export const detailLength = 200

/** One HTTP call on its way: sends it, gathers the answer, stops the clock, then judges. */
export class Exchange implements Dispatcher.DispatchHandler, UnderWay {
  readonly #id: number
  readonly #large: LargeAnswers | null
  readonly #onSettled: (outcome: Outcome) => void
  readonly #chunks: Buffer[] = []
  #sizeBytes = 0
  #status = 0
  #controller: Dispatcher.DispatchController | null = null
  #settled = false

  /** @param large judges large answers, whose results nobody needs then; null: all are parsed here */
  constructor(id: number, large: LargeAnswers | null, onSettled: (outcome: Outcome) => void) {
    this.#id = id
    this.#large = large
    this.#onSettled = onSettled
  }

  send(dispatcher: Dispatcher, path: string, { method, params }: Call): void {
    dispatcher.dispatch(
      {
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: this.#id, method, params }),
      },
      this,
    )
  }

  /** Ends it now as timed out and frees its connection. */
  abandon(): void {
    this.#fail('timeout', null)
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
    this.#fail('malformed', `longer than ${maxAnswerBytes} bytes`)
    controller.abort(new Error('answer too long'))
  }

  onResponseEnd(): void {
    const endedAtMs = wallMs()
    if (this.#large?.takes(this.#sizeBytes) === true) {
      this.#judgeElsewhere(this.#large, endedAtMs)
      return
    }
    const body = Buffer.concat(this.#chunks)
    const { failure, result } = judged({ status: this.#status, body }, this.#id)
    const words = failure === null ? null : body.toString('utf8', 0, detailLength)
    const detail = failure === 'http' ? `${this.#status} ${words}` : words
    this.#settle({ failure, detail, endedAtMs, result })
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail('socket', error.message)
  }

  #judgeElsewhere(large: LargeAnswers, endedAtMs: number): void {
    const status = this.#status
    large.judge(this.#chunks, this.#sizeBytes, status, this.#id, (failure, words) => {
      const detail = failure === 'http' ? `${status} ${words}` : words
      this.#settle({ failure, detail, endedAtMs, result: undefined })
    })
  }

  #fail(failure: FailureKind, detail: string | null): void {
    this.#settle({ failure, detail, endedAtMs: wallMs(), result: undefined })
  }

  #settle(outcome: Outcome): void {
    if (this.#settled) return
    this.#settled = true
    this.#chunks.length = 0
    this.#onSettled(outcome)
  }
}
