import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { keccak256 } from 'ethers'
import { field } from '../../fleets/node-rpc.ts'

/** Which law the build breaks. */
export const breaks = ['lost', 'twice', 'gaps', 'unknown', 'withdrawn', 'refused'] as const

export type Break = (typeof breaks)[number]

/** A proxy before the proxy that is wrong in one way. Takes single messages. */
export class BrokenRelay {
  readonly #server: Server
  readonly #to: string
  readonly #break: Break
  readonly #times = new Map<string, number>()

  private constructor(to: string, broken: Break) {
    this.#to = to
    this.#break = broken
    this.#server = createServer(async (request, response) => {
      const body = Buffer.concat(await Array.fromAsync(request)).toString()
      response.setHeader('content-type', 'application/json')
      response.end(await this.#answer(JSON.parse(body)))
    })
  }

  static async start(to: string, broken: Break): Promise<BrokenRelay> {
    const relay = new BrokenRelay(to, broken)
    relay.#server.listen(0, '127.0.0.1')
    await once(relay.#server, 'listening')
    return relay
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #answer(message: unknown): Promise<string> {
    const method = String(field(message, 'method'))
    const [param] = (field(message, 'params') ?? []) as readonly string[]
    const times = (this.#times.get(`${method} ${param}`) ?? 0) + 1
    this.#times.set(`${method} ${param}`, times)
    const result = (value: unknown) => JSON.stringify({ jsonrpc: '2.0', id: 1, result: value })
    const isSend = method === 'eth_sendRawTransaction'
    const isReceipt = method === 'eth_getTransactionReceipt'
    switch (this.#break) {
      case 'lost':
        // The last one of a sender: were it another, its successors would wait for ever as well.
        if (isSend && this.#count('sends') % 4 === 0) return result(keccak256(String(param)))
        break
      case 'unknown':
        if (method === 'eth_getTransactionByHash') return result(null)
        break
      case 'gaps':
        if (method !== 'eth_getTransactionCount') break
        return this.#forward({ ...Object(message), params: [param, 'latest'] })
      case 'refused':
        if (isSend) await this.#forward(message)
        break
      case 'twice': {
        const answer = await this.#forward(message)
        return isReceipt && this.#seenMined(param, answer) > 1 ? this.#inParent(answer) : answer
      }
      case 'withdrawn': {
        const answer = await this.#forward(message)
        return isReceipt && this.#seenMined(param, answer) === 2 ? result(null) : answer
      }
      default:
        this.#break satisfies never
    }
    return this.#forward(message)
  }

  /** The receipt, said to be in the block before its own. */
  async #inParent(answer: string): Promise<string> {
    const receipt: unknown = field(JSON.parse(answer), 'result')
    const number = `0x${(Number(field(receipt, 'blockNumber')) - 1).toString(16)}`
    const params = [number, false]
    const call = { jsonrpc: '2.0', id: 1, method: 'eth_getBlockByNumber', params }
    const parent: unknown = field(JSON.parse(await this.#forward(call)), 'result')
    const moved = { ...Object(receipt), blockNumber: number, blockHash: field(parent, 'hash') }
    return JSON.stringify({ jsonrpc: '2.0', id: 1, result: moved })
  }

  #count(what: string): number {
    const times = (this.#times.get(what) ?? 0) + 1
    this.#times.set(what, times)
    return times
  }

  #seenMined(hash: string | undefined, answer: string): number {
    return answer.includes('"blockHash"') ? this.#count(`mined ${hash}`) : 0
  }

  async #forward(message: unknown): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify(message)
    const response = await fetch(this.#to, { method: 'POST', headers, body })
    return response.text()
  }
}
