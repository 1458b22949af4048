import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'

/** A block as a node shows it; `balance` is that of every account at it and tells it from all others. */
export type ChainBlock = {
  readonly number: string
  readonly hash: string
  readonly parentHash: string
}

/**
 * What one Geth goes through: its head after each step, reorganisations included. The heights only
 * grow, so each step is told by its height, its block's hash, and the balance of that moment.
 */
export class History {
  readonly heads: ChainBlock[] = []
  readonly #byHash = new Map<string, ChainBlock>()
  readonly #steps = new Map<string, number>()
  /** The step in which a block was made. */
  readonly #madeAt = new Map<string, number>()

  constructor() {
    this.#head(this.#block(0, `0x${'0'.repeat(64)}`))
    for (let i = 0; i < 8; i++) this.extend()
  }

  /** One more block on the head. */
  extend(): void {
    const head = this.#newest
    this.#head(this.#block(Number(head.number) + 1, head.hash))
  }

  /** Takes `depth` blocks back and puts one more, or `put`, on another branch; told at once, as by Geth. */
  reorganise(depth: number, put = depth + 1): void {
    let block = this.#newest
    for (let i = 0; i < depth; i++) block = this.parentOf(block)
    for (let i = 0; i < put; i++) block = this.#block(Number(block.number) + 1, block.hash)
    this.#head(block)
  }

  /** The step at which this was the hash of the head, or its height, or a balance; -1 for none. */
  stepOf(shown: string): number {
    return this.#steps.get(shown) ?? -1
  }

  /** The block of this hash, for who is at `step`. */
  byHash(hash: string, step: number): ChainBlock | null {
    return (this.#madeAt.get(hash) ?? step + 1) > step ? null : (this.#byHash.get(hash) ?? null)
  }

  /** The block at this height on the chain below `head`, or null. */
  below(head: ChainBlock, height: number): ChainBlock | null {
    let block = head
    if (height > Number(block.number) || height < 0) return null
    while (Number(block.number) > height) block = this.parentOf(block)
    return block
  }

  parentOf(block: ChainBlock): ChainBlock {
    const parent = this.#byHash.get(block.parentHash)
    if (parent === undefined) throw new RangeError('below genesis')
    return parent
  }

  get #newest(): ChainBlock {
    const head = this.heads.at(-1)
    if (head === undefined) throw new RangeError('no head')
    return head
  }

  #block(height: number, parentHash: string): ChainBlock {
    const hash = `0x${(this.#byHash.size + 1).toString(16).padStart(64, '0')}`
    const block = { number: `0x${height.toString(16)}`, hash, parentHash }
    this.#byHash.set(hash, block)
    this.#madeAt.set(hash, this.heads.length)
    return block
  }

  #head(block: ChainBlock): void {
    this.heads.push(block)
    const step = this.heads.length - 1
    for (const shown of [block.hash, block.number, balanceAt(block)]) this.#steps.set(shown, step)
  }
}

/** The balance of every account at a block. */
export function balanceAt({ hash }: ChainBlock): string {
  return `0x${(1_000_000 + Number(hash)).toString(16)}`
}

/** A log stands in every block. */
export type ChainLog = { readonly blockNumber: string; readonly blockHash: string }

type Call = { readonly id: number; readonly method: string; readonly params: readonly unknown[] }

/**
 * A node that goes through a {@link History} at its own pace, over HTTP and, if it is to tell of its
 * heads, WebSocket. Asked for logs above its head it says nothing of those it lacks, as Anvil does.
 */
export class ChainNode {
  readonly name: string
  readonly url: string
  readonly #history: History
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #listeners = new Set<WebSocket>()
  #step: number

  private constructor(name: string, history: History, server: Server, tells: boolean) {
    this.name = name
    this.#history = history
    this.#server = server
    this.#step = history.heads.length - 1
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
        response.setHeader('content-type', 'application/json')
        // Without WebSocket, whoever wants one is told so.
        if (body === '') response.writeHead(400).end()
        else response.end(this.#answerAll(body))
      })
    })
    if (!tells) return
    const webSockets = new WebSocketServer({ noServer: true })
    server.on('upgrade', (request, socket, head) => {
      webSockets.handleUpgrade(request, socket, head, (client) => this.#converse(client))
    })
  }

  static async start(
    t: TestContext,
    name: string,
    history: History,
    tells = true,
  ): Promise<ChainNode> {
    const server = createServer({ keepAliveTimeout: 60_000 })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const node = new ChainNode(name, history, server, tells)
    t.after(() => node.#stop())
    return node
  }

  get step(): number {
    return this.#step
  }

  get head(): ChainBlock {
    const head = this.#history.heads[this.#step]
    if (head === undefined) throw new RangeError('no such step')
    return head
  }

  /** Goes to a step of the history, and tells of its head alone, however many it went over. */
  goTo(step: number): void {
    if (step === this.#step) return
    this.goSilently(step)
    this.tell(this.head)
  }

  /** Resolves when somebody is told of its heads. */
  async listened(): Promise<void> {
    while (this.#listeners.size === 0) await once(this.#server, 'listener')
  }

  /** Goes to a step, and lets it be found out. */
  goSilently(step: number): void {
    this.#step = step
  }

  /** Says that this is its head. */
  tell(head: ChainBlock): void {
    const params = `{"subscription":"0x1","result":${JSON.stringify(head)}}`
    for (const socket of this.#listeners) {
      socket.send(`{"jsonrpc":"2.0","method":"eth_subscription","params":${params}}`)
    }
  }

  #converse(socket: WebSocket): void {
    socket.once('close', () => this.#listeners.delete(socket))
    socket.on('message', (data) => {
      const call: Call = JSON.parse(String(data))
      if (call.method === 'eth_subscribe') this.#listeners.add(socket)
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: call.id, result: '0x1' }))
      this.#server.emit('listener')
    })
  }

  #answerAll(body: string): string {
    const asked: Call | Call[] = JSON.parse(body)
    const answer = (call: Call): unknown => {
      const result = this.#resultOf(call)
      return result === undefined
        ? { jsonrpc: '2.0', id: call.id, error: { code: -32000, message: 'header not found' } }
        : { jsonrpc: '2.0', id: call.id, result }
    }
    return JSON.stringify(Array.isArray(asked) ? asked.map(answer) : answer(asked))
  }

  /** Undefined: it lacks the block. */
  #resultOf({ method, params }: Call): unknown {
    switch (method) {
      case 'eth_chainId':
        return '0x7a69'
      case 'web3_clientVersion':
        return 'Geth/v1.17.5-stable/linux-amd64/go1.26.8'
      case 'eth_blockNumber':
        return this.head.number
      case 'eth_getBlockByNumber':
        return this.#blockAt(params[0])
      case 'eth_getBlockByHash':
        return this.#history.byHash(String(params[0]), this.#step)
      case 'eth_getBalance': {
        const block = this.#blockAt(params[1])
        return block === null ? undefined : balanceAt(block)
      }
      case 'eth_getLogs':
        return this.#logs(params[0] as { readonly fromBlock: string; readonly toBlock: string })
      default:
        return null
    }
  }

  #blockAt(at: unknown): ChainBlock | null {
    if (at === 'latest') return this.head
    if (at === 'safe' || at === 'finalized') return this.#history.below(this.head, 0)
    if (typeof at === 'object' && at !== null && 'blockHash' in at) {
      return this.#history.byHash(String(at.blockHash), this.#step)
    }
    return this.#history.below(this.head, Number(at))
  }

  #logs({ fromBlock, toBlock }: { fromBlock: string; toBlock: string }): ChainLog[] {
    const logs: ChainLog[] = []
    const last = toBlock === 'latest' ? Number(this.head.number) : Number(toBlock)
    for (let height = Number(fromBlock); height <= last; height++) {
      const block = this.#history.below(this.head, height)
      if (block !== null) logs.push({ blockNumber: block.number, blockHash: block.hash })
    }
    return logs
  }

  async #stop(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}
