import { once } from 'node:events'
import { WebSocket } from 'ws'
import { judged, parsedObject } from './answer.ts'
import { detailLength } from './exchange.ts'
import { wallMs } from './pacer.ts'
import type { Outcome } from './transport.ts'

const maxAnswerBytes = 4 * 1024 * 1024
/** Notifications kept for who does not listen yet. */
const mostHeard = 64

/** One client's WebSocket: its calls, and what it is told of its subscriptions. */
export class SessionSocket {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (outcome: Outcome) => void>()
  readonly #heard: unknown[] = []
  #onHeard: (() => void) | null = null
  #lastId = 0
  #ended: string | null = null

  constructor(url: string) {
    this.#socket = new WebSocket(url, { maxPayload: maxAnswerBytes, perMessageDeflate: false })
    this.#socket.on('message', (data: Buffer) => this.#take(data))
    this.#socket.on('error', (error) => this.#end(error.message))
    this.#socket.on('close', (code) => this.#end(`closed with ${code}`))
  }

  /** @throws Error when it does not open in time */
  async opened(signal: AbortSignal): Promise<void> {
    if (this.#socket.readyState !== WebSocket.OPEN) await once(this.#socket, 'open', { signal })
  }

  /** Never rejects: what went wrong is in the outcome. */
  call(method: string, params: readonly unknown[], signal: AbortSignal): Promise<Outcome> {
    if (this.#ended !== null) return Promise.resolve(failed('socket', this.#ended))
    this.#lastId += 1
    const id = this.#lastId
    const { promise, resolve } = Promise.withResolvers<Outcome>()
    const onAbort = () => settle(failed('timeout', null))
    const settle = (outcome: Outcome): void => {
      signal.removeEventListener('abort', onAbort)
      this.#waiting.delete(id)
      resolve(outcome)
    }
    this.#waiting.set(id, settle)
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), (error) => {
      if (error !== undefined && error !== null) settle(failed('socket', error.message))
    })
    return promise
  }

  /** The next notification's result, in order; null once the socket or the time is over. */
  async told(signal: AbortSignal): Promise<unknown> {
    const onAbort = () => this.#onHeard?.()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      while (this.#heard.length === 0 && this.#ended === null && !signal.aborted) {
        await new Promise<void>((resolve) => {
          this.#onHeard = resolve
        })
      }
      return this.#heard.shift() ?? null
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return
    const closed = once(this.#socket, 'close')
    this.#socket.terminate()
    await closed
  }

  #take(body: Buffer): void {
    const endedAtMs = wallMs()
    const message = parsedObject(body)
    const id = message?.['id']
    if (typeof id !== 'number') {
      const params = message?.['params']
      if (typeof params !== 'object' || params === null || !('result' in params)) return
      if (this.#heard.length < mostHeard) this.#heard.push(params.result)
      this.#onHeard?.()
      return
    }
    const { failure, result } = judged({ status: 200, body }, id)
    const detail = failure === null ? null : body.toString('utf8', 0, detailLength)
    this.#waiting.get(id)?.({ failure, detail, endedAtMs, result })
  }

  #end(why: string): void {
    this.#ended ??= why
    for (const settle of [...this.#waiting.values()]) settle(failed('socket', why))
    this.#onHeard?.()
  }
}

function failed(failure: 'socket' | 'timeout', detail: string | null): Outcome {
  return { failure, detail, endedAtMs: wallMs(), result: undefined }
}
