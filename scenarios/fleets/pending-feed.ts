import { field } from './node-rpc.ts'

export type PendingFeedOptions = {
  /** The node's `http://` address; its WebSocket server shares the port. */
  readonly url: string
  /** A transaction became ready in the node's pool. `description` is the node's own, in JSON. */
  readonly onTransaction: (hash: string, description: unknown) => void
  /** The feed runs; what came before, or while it was broken, was not told. */
  readonly onOpen: () => void
}

const reconnectAfterMs = 100

/**
 * Tells of each transaction that enters one node's pool, over a WebSocket that is kept open. Whole
 * transactions, not hashes: a millisecond later the pool may have let go of it.
 */
export class PendingFeed {
  readonly #options: PendingFeedOptions
  #socket: WebSocket | null = null
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: PendingFeedOptions) {
    this.#options = options
    this.#connect()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#socket?.close()
  }

  #connect(): void {
    const socket = new WebSocket(this.#options.url.replace(/^http/, 'ws'))
    this.#socket = socket
    socket.addEventListener('open', () => {
      const params = ['newPendingTransactions', true]
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params }))
    })
    socket.addEventListener('message', ({ data }) => this.#read(String(data)))
    // An error is always followed by a close, and a node that is down is no news here.
    socket.addEventListener('error', () => {})
    socket.addEventListener('close', () => {
      if (this.#closed) return
      this.#timer = setTimeout(() => this.#connect(), reconnectAfterMs)
      this.#timer.unref()
    })
  }

  #read(line: string): void {
    if (this.#closed) return
    const message: unknown = JSON.parse(line)
    if (field(message, 'id') === 1) {
      this.#options.onOpen()
      return
    }
    const description = field(field(message, 'params'), 'result')
    const hash = field(description, 'hash')
    if (typeof hash === 'string') this.#options.onTransaction(hash, description)
  }
}
