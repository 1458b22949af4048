import { once } from 'node:events'
import type { TestContext } from 'node:test'
import { Client } from 'undici'
import { WebSocket } from 'ws'
import type { EventLog } from './event-chain.ts'

/** Asks one thing of the proxy: its result, or an error thrown. */
export type Ask = (method: string, params: readonly unknown[]) => Promise<unknown>

type Said = {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
  readonly params?: { readonly subscription: string; readonly result: unknown }
}

/** A WebSocket connection that keeps what its subscriptions were told, in order. */
export class SocketClient {
  readonly socket: WebSocket
  /** Results by subscription. */
  readonly told = new Map<string, unknown[]>()
  closed = ''
  readonly #waiting = new Map<number, (said: Said) => void>()
  #onTold = (): void => {}
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => this.#take(JSON.parse(String(data))))
    socket.on('close', (code, reason) => {
      this.closed = `${code} ${reason}`
      this.#onTold()
    })
  }

  static async open(t: TestContext, url: string): Promise<SocketClient> {
    const client = new SocketClient(new WebSocket(url.replace(/^http/, 'ws')))
    t.after(() => client.socket.terminate())
    await once(client.socket, 'open')
    return client
  }

  readonly ask: Ask = async (method, params) => {
    this.#lastId += 1
    const id = this.#lastId
    const { promise, resolve } = Promise.withResolvers<Said>()
    this.#waiting.set(id, resolve)
    this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    const { result, error } = await promise
    if (error !== undefined) throw new Error(error.message)
    return result
  }

  /** The id of a new subscription. */
  async subscribe(...params: readonly unknown[]): Promise<string> {
    const id = String(await this.ask('eth_subscribe', params))
    this.told.set(id, this.told.get(id) ?? [])
    return id
  }

  /** Resolves once what was told is as wanted. @throws Error when the connection ends first */
  async until(isSo: () => boolean): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#onTold = () => {
        if (isSo()) resolve()
        else if (this.closed !== '') reject(new Error(`closed: ${this.closed}`))
      }
      this.#onTold()
    })
  }

  #take(said: Said): void {
    const { id, params } = said
    if (params !== undefined) {
      const told = this.told.get(params.subscription) ?? []
      told.push(params.result)
      this.told.set(params.subscription, told)
      this.#onTold()
      return
    }
    if (id === undefined) return
    this.#waiting.get(id)?.(said)
    this.#waiting.delete(id)
  }
}

/** Asks over HTTP, on connections of its own. */
export function httpAsk(t: TestContext, url: string): Ask {
  const client = new Client(url, { pipelining: 1 })
  t.after(() => client.destroy())
  return async (method, params) => {
    const { body } = await client.request({
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    const { result, error } = (await body.json()) as Said
    if (error !== undefined) throw new Error(error.message)
    return result
  }
}

/** A log filter and what it was told so far. */
export class FilterClient {
  readonly id: string
  readonly told: EventLog[] = []
  readonly #ask: Ask

  private constructor(id: string, ask: Ask) {
    this.id = id
    this.#ask = ask
  }

  static async make(ask: Ask, criteria: unknown): Promise<FilterClient> {
    return new FilterClient(String(await ask('eth_newFilter', [criteria])), ask)
  }

  async poll(): Promise<void> {
    const changes = await this.#ask('eth_getFilterChanges', [this.id])
    this.told.push(...(changes as EventLog[]))
  }
}
