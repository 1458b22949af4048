import { WebSocket } from 'ws'
import { UpstreamError } from '../errors.ts'
import { stringAt } from '../rpc/call.ts'
import { eachMember, type Reply } from '../rpc/reply.ts'

/** A node is asked for a sign of life so often, and given so long to show it. */
const pingMs = 10_000

/** Geth's own limit on a WebSocket message (go-ethereum/rpc/websocket.go), bytes. */
const maxMessageBytes = 33_554_432

/** A request without an answer for so long has none. */
const answerTimeoutMs = 30_000

/** Told of one subscription's notifications, and of their end. */
export type SubscriptionSink = {
  /** `result` as the node wrote it. */
  next(result: Buffer): void
  /** The connection is gone; no `next` follows. */
  lost(): void
}

type Pending = {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: UpstreamError) => void
  /** What is told of notifications when the answer is a subscription's id. */
  readonly sink: SubscriptionSink | null
  readonly timer: NodeJS.Timeout
}

/**
 * The one WebSocket connection to a node, shared by every client: requests carry ids of our own,
 * and each notification goes to whoever subscribed. Opened at the first request, and again at the
 * next one after it was lost.
 */
export class NodeSocket {
  readonly #id: string
  readonly #url: URL
  readonly #pending = new Map<number, Pending>()
  readonly #sinks = new Map<string, SubscriptionSink>()
  #socket: WebSocket | null = null
  #opening: Promise<WebSocket> | null = null
  #pinger: NodeJS.Timeout | undefined
  #lastId = 0
  #isAlive = true
  #closed = false

  constructor(id: string, url: URL) {
    this.#id = id
    this.#url = url
  }

  /** Requests and subscriptions under way. */
  get load(): { readonly pending: number; readonly subscriptions: number } {
    return { pending: this.#pending.size, subscriptions: this.#sinks.size }
  }

  /**
   * Sends a request and resolves with its answer. With a `sink`, an answer that is a text is the id
   * of a subscription, whose notifications go there; none is missed and none comes before.
   * @throws UpstreamError when there is no connection or no answer
   */
  async request(
    method: string,
    params: string,
    sink: SubscriptionSink | null = null,
  ): Promise<Reply> {
    const socket = await this.#open()
    const id = ++this.#lastId
    const answer = Promise.withResolvers<Reply>()
    const timer = setTimeout(() => {
      this.#pending.delete(id)
      answer.reject(new UpstreamError('UPSTREAM_TIMEOUT', this.#id, 'no answer over WebSocket'))
    }, answerTimeoutMs)
    this.#pending.set(id, { resolve: answer.resolve, reject: answer.reject, sink, timer })
    socket.send(
      `{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)},"params":${params}}`,
    )
    return await answer.promise
  }

  /** Forgets a subscription and tells the node, as long as there is a connection. */
  unsubscribe(method: string, subscription: string): void {
    if (!this.#sinks.delete(subscription) || this.#socket === null) return
    const params = `[${JSON.stringify(subscription)}]`
    // Nobody waits for it: a node that does not answer will be found dead by its pings.
    this.request(method, params).catch(() => {})
  }

  async close(): Promise<void> {
    this.#closed = true
    const socket = this.#socket
    if (socket === null) return
    const ended = new Promise((resolve) => socket.once('close', resolve))
    socket.terminate()
    await ended
  }

  #open(): Promise<WebSocket> {
    if (this.#socket !== null) return Promise.resolve(this.#socket)
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  async #connect(): Promise<WebSocket> {
    if (this.#closed) throw this.#unreachable('closed')
    const socket = new WebSocket(this.#url, {
      perMessageDeflate: false,
      handshakeTimeout: 2_000,
      maxPayload: maxMessageBytes,
      // What a node says is passed on byte for byte, whatever it is.
      skipUTF8Validation: true,
    })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    socket.once('open', resolve)
    // Stays: an error behind the handshake is followed by `close`, which says all there is to say.
    socket.on('error', (error) => reject(this.#unreachable(error.message, error)))
    await promise
    if (this.#closed) {
      socket.terminate()
      throw this.#unreachable('closed')
    }
    this.#socket = socket
    this.#isAlive = true
    socket.on('message', (data: Buffer) => this.#take(data))
    socket.on('pong', () => {
      this.#isAlive = true
    })
    socket.once('close', () => this.#lose())
    this.#pinger = setInterval(() => this.#ping(socket), pingMs).unref()
    return socket
  }

  #ping(socket: WebSocket): void {
    if (!this.#isAlive) {
      socket.terminate()
      return
    }
    this.#isAlive = false
    socket.ping()
  }

  #lose(): void {
    clearInterval(this.#pinger)
    this.#socket = null
    const pending = [...this.#pending.values()]
    const sinks = [...this.#sinks.values()]
    this.#pending.clear()
    this.#sinks.clear()
    for (const { reject, timer } of pending) {
      clearTimeout(timer)
      reject(this.#unreachable('the WebSocket connection ended'))
    }
    for (const sink of sinks) sink.lost()
  }

  #take(body: Buffer): void {
    this.#isAlive = true
    let id: number | null = null
    let reply: Reply | null = null
    let params: readonly [start: number, end: number] | null = null
    eachMember(body, 0, body.length, (key, start, end) => {
      if (key === 'id') id = Number(body.toString('latin1', start, end))
      else if (key === 'params') params = [start, end]
      else if (key === 'result') reply ??= { kind: 'result', body, start, end }
      else if (key === 'error' && body[start] === 0x7b) reply = { kind: 'error', body, start, end }
    })
    if (reply !== null && id !== null) this.#answer(id, reply)
    else if (params !== null) this.#notify(body, ...(params as readonly [number, number]))
  }

  #answer(id: number, reply: Reply): void {
    const pending = this.#pending.get(id)
    if (pending === undefined) return // Its time was over.
    this.#pending.delete(id)
    clearTimeout(pending.timer)
    if (pending.sink !== null && reply.kind === 'result' && reply.body[reply.start] === 0x22) {
      this.#sinks.set(stringAt(reply.body, reply.start, reply.end), pending.sink)
    }
    pending.resolve(reply)
  }

  #notify(body: Buffer, start: number, end: number): void {
    let subscription: string | null = null
    let result: Buffer | null = null
    eachMember(body, start, end, (key, from, to) => {
      if (key === 'subscription' && body[from] === 0x22) subscription = stringAt(body, from, to)
      else if (key === 'result') result = body.subarray(from, to)
    })
    if (subscription !== null && result !== null) this.#sinks.get(subscription)?.next(result)
  }

  #unreachable(problem: string, cause?: Error): UpstreamError {
    return new UpstreamError('UPSTREAM_UNREACHABLE', this.#id, problem, { cause })
  }
}
