import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'

type Call = { readonly id: number; readonly method: string; readonly params?: unknown[] }

type Subscription = {
  readonly socket: WebSocket
  readonly namespace: string
  readonly kind: string
}

/**
 * A node with subscriptions, over HTTP and WebSocket on one port: Geth's `test` and `nftest`
 * services (go-ethereum/rpc/testservice_test.go) as far as the recorded conversations need them, and
 * heads that a test announces.
 */
export class StreamingNode {
  readonly url: string
  /** Open now, by the node's own id. */
  readonly subscriptions = new Map<string, Subscription>()
  /** WebSocket connections open now, and how many there ever were. */
  readonly webSockets = new Set<WebSocket>()
  webSocketsEver = 0
  /** Whether it refuses whoever wants to subscribe. */
  refuses = false
  /** Requests without an answer, and TCP connections, open now. */
  readonly held = new Set<ServerResponse>()
  readonly sockets = new Set<Socket>()
  readonly #server: Server
  readonly #changes = new Set<() => void>()
  #lastId = 0

  private constructor(server: Server) {
    this.#server = server
    const { port } = server.address() as AddressInfo
    this.url = `http://127.0.0.1:${port}`
    const sockets = new WebSocketServer({ noServer: true })
    server.on('request', (request, response) => {
      this.#take(request, response).catch(() => response.destroy())
    })
    server.on('upgrade', (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (client) => this.#converse(client))
    })
    server.on('connection', (socket) => {
      this.#hold(this.sockets, socket)
    })
  }

  static async start(t: TestContext): Promise<StreamingNode> {
    const server = createServer({ keepAliveTimeout: 60_000 })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const node = new StreamingNode(server)
    t.after(() => node.stop())
    return node
  }

  /** Ends like a process that was killed. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.sockets) socket.destroy()
    await closed
  }

  get subscriptionsEver(): number {
    return this.#lastId
  }

  /** Tells every subscriber to heads of a block with this number. */
  announce(number: number): void {
    for (const [id, { kind }] of this.subscriptions) {
      if (kind === 'newHeads') this.notify(id, `{"number":"0x${number.toString(16)}"}`)
    }
  }

  notify(id: string, result: string): void {
    const { socket, namespace } = this.subscriptions.get(id) ?? {}
    const params = `{"subscription":"${id}","result":${result}}`
    socket?.send(`{"jsonrpc":"2.0","method":"${namespace}_subscription","params":${params}}`)
  }

  /** Answers all `test_sleep` that wait. */
  wake(): void {
    for (const response of this.held) response.end(response.getHeader('x-answer'))
  }

  /** Resolves once `isSo`; looked at whenever something opens or ends. */
  async until(isSo: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const look = (): void => {
      if (isSo()) resolve()
    }
    this.#changes.add(look)
    look()
    await promise
    this.#changes.delete(look)
  }

  #changed(): void {
    for (const look of this.#changes) look()
  }

  #hold<Thing extends Socket | WebSocket | ServerResponse>(set: Set<Thing>, thing: Thing): void {
    set.add(thing)
    thing.once('close', () => {
      set.delete(thing)
      this.#changed()
    })
    this.#changed()
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    const call: Call = JSON.parse(Buffer.concat(parts).toString())
    const answer = answerTo(call, resultOf(call))
    if (call.method !== 'test_sleep') {
      response.end(answer)
      return
    }
    response.setHeader('x-answer', answer)
    this.#hold(this.held, response)
  }

  #converse(socket: WebSocket): void {
    this.webSocketsEver += 1
    this.#hold(this.webSockets, socket)
    socket.once('close', () => {
      for (const [id, subscription] of this.subscriptions) {
        if (subscription.socket === socket) this.subscriptions.delete(id)
      }
      this.#changed()
    })
    socket.on('message', (data) => {
      const call: Call = JSON.parse(String(data))
      const [namespace = '', verb] = call.method.split('_')
      if (verb === 'subscribe') this.#subscribe(socket, namespace, call)
      else if (verb === 'unsubscribe') {
        const isKnown = this.subscriptions.delete(String(call.params?.[0]))
        socket.send(answerTo(call, String(isKnown)))
        this.#changed()
      } else socket.send(answerTo(call, resultOf(call)))
    })
  }

  #subscribe(socket: WebSocket, namespace: string, call: Call): void {
    if (this.refuses) {
      const error = '{"code":-32601,"message":"notifications not supported"}'
      socket.send(`{"jsonrpc":"2.0","id":${call.id},"error":${error}}`)
      return
    }
    const [kind, count, first] = call.params ?? []
    this.#lastId += 1
    const id = `0x${this.#lastId.toString(16)}`
    this.subscriptions.set(id, { socket, namespace, kind: String(kind) })
    socket.send(answerTo(call, `"${id}"`))
    if (kind === 'someSubscription') {
      for (let i = 0; i < Number(count); i += 1) this.notify(id, String(Number(first) + i))
    }
    this.#changed()
  }
}

function resultOf({ method, params = [] }: Call): string {
  switch (method) {
    case 'eth_chainId':
    case 'eth_blockNumber':
      return '"0x1"'
    case 'test_echo':
      return JSON.stringify({ String: params[0], Int: params[1], Args: params[2] ?? null })
    default:
      return 'null'
  }
}

function answerTo({ id }: Call, result: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${result}}`
}
