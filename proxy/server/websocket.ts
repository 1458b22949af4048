import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Clock } from '../clock.ts'
import type { Session } from '../consistency/session.ts'
import type { Push } from '../exchange.ts'
import { type Compat, latestCompat } from '../rpc/compat.ts'
import { checkPath, type Refusal } from './admission.ts'
import type { Answerer } from './answerer.ts'
import type { ClientSessions } from './client-sessions.ts'
import { Conversation, type Line } from './conversation.ts'
import { hasToken } from './header-list.ts'
import { Origins } from './origins.ts'
import { targetOf } from './request-target.ts'

export type WebSocketOptions = {
  /** Pages that may connect; empty: those of localhost. */
  readonly origins: readonly string[]
  readonly rpcprefix: string
  /** Bytes that may wait for a slow client before its connection is closed. */
  readonly maxQueuedBytes: number
  readonly compat?: Compat
}

/** Geth's constants (go-ethereum/rpc/websocket.go): bytes of a message, milliseconds of silence. */
const maxMessageBytes = 33_554_432
const pingAfterMs = 30_000
const pongTimeoutMs = 30_000

/** All connections are looked at this often for what is due. */
const lookEveryMs = 1_000

/** The WebSocket side: one Buffer a message, answered as each is ready, and pushed notifications. */
export class WebSocketSide {
  readonly #server: WebSocketServer
  readonly #options: WebSocketOptions
  readonly #answer: Answerer
  readonly #endAll: (push: Push) => void
  readonly #clock: Clock
  readonly #origins: Origins
  readonly #sessions: ClientSessions | null
  readonly #compat: Compat
  readonly #connections = new Set<Connection>()
  readonly #timer: NodeJS.Timeout

  /** @param endAll ends the subscriptions of a client that is gone */
  constructor(
    options: WebSocketOptions,
    answer: Answerer,
    endAll: (push: Push) => void,
    clock: Clock,
    sessions: ClientSessions | null = null,
  ) {
    this.#sessions = sessions
    this.#options = options
    this.#answer = answer
    this.#endAll = endAll
    this.#clock = clock
    this.#origins = new Origins(options.origins)
    this.#compat = options.compat ?? latestCompat
    this.#server = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes,
      // Geth does not look: what is no UTF-8 inside a text is read as U+FFFD.
      skipUTF8Validation: true,
      handleProtocols: () => false,
    })
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref()
  }

  /** Connections open now. */
  get size(): number {
    return this.#connections.size
  }

  /** Makes a connection of a request to upgrade, which `refusal` has passed. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (client) => {
      const { maxQueuedBytes } = this.#options
      const session = this.#sessions?.of(request)
      const line = { client, socket, compat: this.#compat }
      const connection = new Connection(line, maxQueuedBytes, this.#answer, this.#clock, session)
      this.#connections.add(connection)
      client.once('close', () => {
        this.#connections.delete(connection)
        connection.conversation.abandon()
        this.#endAll(connection.conversation)
      })
    })
  }

  /** Whether a request to upgrade is refused, in the order of gorilla/websocket 1.4, which Geth uses. */
  refusal(request: IncomingMessage): Refusal | null {
    const { headers, method } = request
    if (checkPath(targetOf(request).path, this.#options.rpcprefix) !== null) {
      return this.#compat.refusesPaths ? notFound : nothing
    }
    if (!hasToken(headers.connection, 'upgrade')) return badRequest
    if (method !== 'GET') return badMethod
    if (!hasToken(headers['sec-websocket-version'], '13')) return badRequest
    if (!this.#origins.allows(headers.origin)) return forbidden
    // Stricter than gorilla, which takes any key, because `ws` is.
    const isKey = /^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? '')
    return isKey ? null : badRequest
  }

  #look(): void {
    const nowMs = this.#clock.nowMs()
    for (const connection of this.#connections) connection.keepAlive(nowMs)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    const ended = [...this.#connections].map((connection) => connection.close(1001))
    await Promise.all(ended)
  }
}

/** As go-ethereum/node/rpcstack.go, isWebsocket. */
export function isWebSocket({ headers }: IncomingMessage): boolean {
  const connection = headers.connection?.toLowerCase() ?? ''
  return headers.upgrade?.toLowerCase() === 'websocket' && connection.includes('upgrade')
}

/** A connection as a WebSocket and as what that is on. */
type Wire = { readonly client: WebSocket; readonly socket: Duplex; readonly compat: Compat }

/** One client's connection. */
class Connection implements Line {
  readonly conversation: Conversation
  readonly #socket: WebSocket
  readonly #raw: Duplex
  readonly #compat: Compat
  /** When a ping went out that is not answered yet; null when none did. */
  #pingedAtMs: number | null = null

  constructor(
    { client: socket, socket: raw, compat }: Wire,
    maxQueuedBytes: number,
    answer: Answerer,
    clock: Clock,
    session: Session | undefined,
  ) {
    this.#socket = socket
    this.#raw = raw
    this.#compat = compat
    this.conversation = new Conversation(this, maxQueuedBytes, answer, clock, session)
    // A broken frame or one too large: `ws` closes with the right code, there is nothing to add.
    socket.on('error', () => {})
    socket.on('pong', () => {
      this.#pingedAtMs = null
    })
    socket.on('message', (data: Buffer) => {
      // Only a defect of ours rejects; the connection ends, as a panic ends Geth's.
      this.conversation.take(data).catch(() => socket.close(1011))
    })
  }

  get isOpen(): boolean {
    return this.#socket.readyState === this.#socket.OPEN
  }

  get queuedBytes(): number {
    return this.#socket.bufferedAmount
  }

  send(bytes: Buffer): void {
    const message = this.#compat.endsLines ? Buffer.concat([bytes, newline]) : bytes
    this.#socket.send(message, { binary: false })
  }

  end(): void {
    if (this.#compat.saysGoodbye) void this.close(1000)
    else this.#raw.end(() => this.#socket.terminate())
  }

  cutOff(): void {
    this.#socket.close(1008, 'too slow')
    this.#socket.terminate()
  }

  /** Sends a ping when nothing was written for long, and gives up when none came back. */
  keepAlive(nowMs: number): void {
    this.conversation.look(nowMs)
    if (this.#pingedAtMs !== null) {
      if (nowMs - this.#pingedAtMs >= pongTimeoutMs) this.#socket.terminate()
    } else if (nowMs - this.conversation.lastWriteMs >= pingAfterMs) {
      this.#pingedAtMs = nowMs
      this.conversation.lastWriteMs = nowMs
      this.#socket.ping()
    }
  }

  /** Says goodbye; a client that does not say so too is left. Resolves when it is over. */
  close(code: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (this.#socket.readyState === this.#socket.CLOSED) return Promise.resolve()
    const timer = setTimeout(() => this.#socket.terminate(), closeGraceMs)
    this.#socket.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    this.#socket.close(code)
    return promise
  }
}

/** A client is given so long to say goodbye in turn. */
const closeGraceMs = 1_000

const newline = Buffer.from('\n')
const nothing: Refusal = { status: 200, text: '', isPlain: true }
const headers = ['Sec-Websocket-Version', '13']
const notFound: Refusal = { status: 404, text: 'not found\n', isPlain: true }
const badRequest: Refusal = { status: 400, text: 'Bad Request\n', headers, isPlain: true }
/** To a page of another origin. */
export const forbidden: Refusal = { status: 403, text: 'Forbidden\n', headers, isPlain: true }
const badMethod: Refusal = { status: 405, text: 'Method Not Allowed\n', headers, isPlain: true }
