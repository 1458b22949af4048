import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import { blockJson, type EventBlock, type EventChain, headerOf, quantity } from './event-chain.ts'

type Call = { readonly id: number; readonly method: string; readonly params: readonly unknown[] }

/**
 * A node that goes through an {@link EventChain} at its own pace, over HTTP and WebSocket. It can die
 * like a process that is killed, and fall silent like one that is stopped.
 */
export class EventNode {
  readonly name: string
  readonly url: string
  /** Requests so far, by method. */
  readonly asked = new Map<string, number>()
  readonly #chain: EventChain
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #subscribers = new Map<string, { readonly socket: WebSocket; readonly kind: string }>()
  #head: EventBlock
  #isSilent = false
  #lastId = 0

  private constructor(name: string, chain: EventChain, server: Server, tells: boolean) {
    this.name = name
    this.#chain = chain
    this.#server = server
    this.#head = chain.head
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('request', (request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const body = Buffer.concat(parts).toString()
        if (this.#isSilent) return
        response.setHeader('content-type', 'application/json')
        // Without WebSocket, whoever wants one is told so.
        if (body === '') response.writeHead(400).end()
        else response.end(this.#answer(JSON.parse(body)))
      })
    })
    if (!tells) return
    const webSockets = new WebSocketServer({ noServer: true })
    server.on('upgrade', (request, socket, head) => {
      if (!this.#isSilent) {
        webSockets.handleUpgrade(request, socket, head, (client) => this.#converse(client))
      }
    })
  }

  /** @param tells whether it speaks WebSocket */
  static async start(
    t: TestContext,
    name: string,
    chain: EventChain,
    tells = true,
  ): Promise<EventNode> {
    const server = createServer({ keepAliveTimeout: 60_000 })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const node = new EventNode(name, chain, server, tells)
    t.after(() => node.die())
    return node
  }

  /** Its head is this block from now on; of those between it says nothing. */
  goTo(block: EventBlock): void {
    if (this.#isSilent || block === this.#head) return
    this.#head = block
    this.#tell('newHeads', headerOf(block))
  }

  /** A transaction enters its pool. */
  hear(hash: string): void {
    this.#tell('newPendingTransactions', `"${hash}"`)
  }

  /** Keeps all connections and says nothing any more. */
  fallSilent(): void {
    this.#isSilent = true
  }

  /** Ends like a process that was killed. */
  async die(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  /** Who is subscribed at it now. */
  subscribers(kind: string): number {
    return [...this.#subscribers.values()].filter((each) => each.kind === kind).length
  }

  #tell(kind: string, result: string): void {
    if (this.#isSilent) return
    for (const [id, { socket, kind: wanted }] of this.#subscribers) {
      if (wanted !== kind) continue
      const params = `{"subscription":"${id}","result":${result}}`
      socket.send(`{"jsonrpc":"2.0","method":"eth_subscription","params":${params}}`)
    }
  }

  #converse(socket: WebSocket): void {
    socket.once('close', () => {
      for (const [id, each] of this.#subscribers) {
        if (each.socket === socket) this.#subscribers.delete(id)
      }
    })
    socket.on('message', (data) => {
      if (this.#isSilent) return
      const call: Call = JSON.parse(String(data))
      if (call.method === 'eth_subscribe') {
        this.#lastId += 1
        const id = quantity(this.#lastId)
        this.#subscribers.set(id, { socket, kind: String(call.params[0]) })
        socket.send(`{"jsonrpc":"2.0","id":${call.id},"result":"${id}"}`)
      } else if (call.method === 'eth_unsubscribe') {
        const isKnown = this.#subscribers.delete(String(call.params[0]))
        socket.send(`{"jsonrpc":"2.0","id":${call.id},"result":${isKnown}}`)
      } else socket.send(this.#answer(call))
    })
  }

  #answer(call: Call | readonly Call[]): string {
    if (Array.isArray(call)) return `[${call.map((each) => this.#answer(each)).join()}]`
    const { id, method, params } = call as Call
    this.asked.set(method, (this.asked.get(method) ?? 0) + 1)
    const result = this.#resultOf(method, params)
    const error = '"error":{"code":-32000,"message":"unknown block"}'
    return `{"jsonrpc":"2.0","id":${id},${result === null ? error : `"result":${result}`}}`
  }

  /** As JSON; null where it lacks the block. */
  #resultOf(method: string, params: readonly unknown[]): string | null {
    switch (method) {
      case 'eth_chainId':
        return '"0x7a69"'
      case 'web3_clientVersion':
        return '"Geth/v1.17.5-stable/linux-amd64/go1.26.8"'
      case 'eth_blockNumber':
        return `"${quantity(this.#head.number)}"`
      case 'eth_getBlockByNumber': {
        const block = this.#blockAt(params[0])
        return block === null ? 'null' : blockJson(block)
      }
      case 'eth_getBlockByHash': {
        const block = this.#held(params[0])
        return block === null ? 'null' : blockJson(block)
      }
      case 'eth_getLogs':
        return this.#logs(params[0] as { readonly blockHash?: string })
      case 'eth_newFilter':
        return '"0x77"'
      default:
        return 'null'
    }
  }

  #logs(filter: { blockHash?: string; fromBlock?: string; toBlock?: string }): string | null {
    if (filter.blockHash !== undefined) {
      const block = this.#held(filter.blockHash)
      return block === null ? null : JSON.stringify(block.logs)
    }
    const from = this.#blockAt(filter.fromBlock ?? 'latest')?.number ?? 0
    const to = this.#blockAt(filter.toBlock ?? 'latest')?.number ?? this.#head.number
    const heights = Array.from({ length: to - from + 1 }, (_, i) => from + i)
    const logs = heights.flatMap((height) => this.#chain.below(this.#head, height)?.logs ?? [])
    return JSON.stringify(logs)
  }

  #blockAt(at: unknown): EventBlock | null {
    if (at === 'latest') return this.#head
    if (at === 'safe' || at === 'finalized' || at === 'earliest')
      return this.#chain.below(this.#head, 0)
    return this.#chain.below(this.#head, Number(at))
  }

  /** Blocks above its head it has not seen yet; those of other branches it keeps. */
  #held(hash: unknown): EventBlock | null {
    const block = this.#chain.byHash(hash)
    return block === null || block.number > this.#head.number ? null : block
  }
}
