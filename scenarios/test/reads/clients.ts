import { once } from 'node:events'
import { FetchRequest, JsonRpcProvider } from 'ethers'
import { Client } from 'undici'
import { WebSocket } from 'ws'
import { field } from '../../fleets/node-rpc.ts'

/** Asks one thing of a proxy: its result. @throws Error with the words of the error it answered */
export type Ask = (method: string, params: readonly unknown[]) => Promise<unknown>

/** One client's way to a proxy. */
export type Way = { readonly ask: Ask; close(): Promise<void> }

const timeoutMs = 60_000

/** Over one kept HTTP connection. */
export function httpWay(url: string): Way {
  const client = new Client(url, { headersTimeout: timeoutMs })
  return {
    async ask(method, params) {
      const { body } = await client.request({
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      })
      return resultOf(await body.json())
    },
    close: () => client.destroy(),
  }
}

/** Through ethers v6, which gathers calls into batches. */
export function ethersWay(url: string, chainId: number): Way {
  const request = new FetchRequest(url)
  request.timeout = timeoutMs
  const provider = new JsonRpcProvider(request, chainId, { staticNetwork: true, cacheTimeout: -1 })
  return {
    async ask(method, params) {
      try {
        return await provider.send(method, [...params])
      } catch (error) {
        // It wraps what it was answered.
        const said = field(field(error, 'error'), 'message')
        throw said === undefined ? error : new Error(String(said), { cause: error })
      }
    },
    async close() {
      provider.destroy()
    },
  }
}

/** Over one WebSocket, with what its subscriptions were told. */
export class SocketWay implements Way {
  /** Results by subscription, in order. */
  readonly told = new Map<string, unknown[]>()
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (said: unknown) => void>()
  readonly #watchers = new Set<() => void>()
  #ending = ''
  #lastId = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => this.#take(JSON.parse(String(data))))
    socket.on('close', (code, reason) => {
      this.#ending = `closed with ${code} ${reason}`
      for (const settle of this.#waiting.values()) {
        settle({ error: { message: this.#ending } })
      }
      for (const look of this.#watchers) look()
    })
  }

  static async open(url: string): Promise<SocketWay> {
    const socket = new WebSocket(url.replace(/^http/, 'ws'))
    await once(socket, 'open')
    return new SocketWay(socket)
  }

  readonly ask: Ask = async (method, params) => {
    if (this.#ending !== '') throw new Error(this.#ending)
    this.#lastId += 1
    const id = this.#lastId
    const { promise, resolve } = Promise.withResolvers<unknown>()
    this.#waiting.set(id, resolve)
    this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    return resultOf(await promise)
  }

  /** @returns what it is told, to grow from now on */
  async subscribe(...params: readonly unknown[]): Promise<readonly unknown[]> {
    const id = String(await this.ask('eth_subscribe', params))
    const told = this.told.get(id) ?? []
    this.told.set(id, told)
    return told
  }

  /** Resolves once `isSo`. @throws Error when the connection ends, or a minute passes, before */
  async until(isSo: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const look = (): void => {
      if (isSo()) resolve()
      else if (this.#ending !== '') reject(new Error(this.#ending))
    }
    const timer = setTimeout(() => reject(new Error('it was not told in a minute')), timeoutMs)
    this.#watchers.add(look)
    look()
    await promise.finally(() => {
      clearTimeout(timer)
      this.#watchers.delete(look)
    })
  }

  async close(): Promise<void> {
    this.#socket.terminate()
  }

  #take(said: unknown): void {
    const params = field(said, 'params')
    if (params === undefined) {
      const id = Number(field(said, 'id'))
      this.#waiting.get(id)?.(said)
      this.#waiting.delete(id)
      return
    }
    const id = String(field(params, 'subscription'))
    const told = this.told.get(id) ?? []
    told.push(field(params, 'result'))
    this.told.set(id, told)
    for (const look of this.#watchers) look()
  }
}

function resultOf(said: unknown): unknown {
  const error = field(said, 'error')
  if (error !== undefined) throw new Error(String(field(error, 'message')))
  return field(said, 'result')
}
