import { once } from 'node:events'
import { WebSocket } from 'ws'
import { judged, parsedObject } from './answer.ts'
import { detailLength } from './exchange.ts'
import { wallMs } from './pacer.ts'
import type { Call, Outcome, Transport, UnderWay } from './transport.ts'

/** So many clients, each with a socket of its own that takes any number of calls at once. */
const sockets = 32
const openTimeoutMs = 10_000
const maxAnswerBytes = 64 * 1024 * 1024

/** Calls over WebSocket, to each socket in turn. A socket that breaks fails the calls on it. */
export class WebSocketTransport implements Transport {
  readonly #url: string
  readonly #lines: Line[] = []
  #next = 0

  constructor(url: string) {
    this.#url = url
  }

  async open(): Promise<void> {
    this.#lines.push(...Array.from({ length: sockets }, () => new Line(this.#url)))
    await Promise.all(this.#lines.map((line) => line.opened()))
  }

  send(id: number, call: Call, onSettled: (outcome: Outcome) => void): UnderWay {
    const line = this.#lines[this.#next % this.#lines.length]
    if (line === undefined) throw new Error('a transport that was not opened')
    this.#next += 1
    return line.send(id, call, onSettled)
  }

  async close(): Promise<void> {
    await Promise.all(this.#lines.splice(0).map((line) => line.close()))
  }
}

/** One socket and the calls on it. */
class Line {
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (outcome: Outcome) => void>()

  constructor(url: string) {
    this.#socket = new WebSocket(url, { maxPayload: maxAnswerBytes, perMessageDeflate: false })
    this.#socket.on('message', (data: Buffer) => this.#heard(data))
    this.#socket.on('error', (error) => this.#broken(error.message))
    this.#socket.on('close', (code) => this.#broken(`closed with ${code}`))
  }

  async opened(): Promise<void> {
    const signal = AbortSignal.timeout(openTimeoutMs)
    if (this.#socket.readyState !== WebSocket.OPEN) await once(this.#socket, 'open', { signal })
  }

  send(id: number, call: Call, onSettled: (outcome: Outcome) => void): UnderWay {
    const { method, params } = call
    this.#waiting.set(id, onSettled)
    const text = JSON.stringify({ jsonrpc: '2.0', id, method, params })
    this.#socket.send(text, (error) => {
      if (error !== undefined && error !== null) this.#end(id, failed('socket', error.message))
    })
    return { abandon: () => this.#end(id, failed('timeout', null)) }
  }

  async close(): Promise<void> {
    this.#socket.removeAllListeners('close')
    if (this.#socket.readyState === WebSocket.CLOSED) return
    // Not `once`, which an error rejects: that of a socket ended before it was open.
    const closed = new Promise((resolve) => this.#socket.once('close', resolve))
    this.#socket.terminate()
    await closed
  }

  #heard(body: Buffer): void {
    const endedAtMs = wallMs()
    const id = parsedObject(body)?.['id']
    // Without an id it is a notification, or an answer that nobody can be given.
    if (typeof id !== 'number') return
    const { failure, result } = judged({ status: 200, body }, id)
    const detail = failure === null ? null : body.toString('utf8', 0, detailLength)
    this.#end(id, { failure, detail, endedAtMs, result })
  }

  #broken(why: string): void {
    for (const id of [...this.#waiting.keys()]) this.#end(id, failed('socket', why))
  }

  #end(id: number, outcome: Outcome): void {
    const onSettled = this.#waiting.get(id)
    this.#waiting.delete(id)
    onSettled?.(outcome)
  }
}

function failed(failure: 'socket' | 'timeout', detail: string | null): Outcome {
  return { failure, detail, endedAtMs: wallMs(), result: undefined }
}
