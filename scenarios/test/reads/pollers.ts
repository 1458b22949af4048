import { once } from 'node:events'
import { FetchRequest, JsonRpcProvider } from 'ethers'
import { Client } from 'undici'
import { WebSocket } from 'ws'
import { quantity, text } from '../../fleets/block.ts'
import { field } from '../../fleets/node-rpc.ts'
import type { Shown } from './timeline.ts'

/** A client of one kind. Asks for head, latest block and balance in turn, as often as it is told. */
export type Poller = {
  /** @returns what it was shown, in the order of the questions */
  ask(count: number): Promise<readonly Shown[]>
  close(): Promise<void>
}

const timeoutMs = 40_000

export type PollerOptions = {
  readonly url: string
  readonly chainId: number
  /** Asked for in turn; the balance is that of `account`. */
  readonly kinds: readonly Kind[]
  readonly account: string
  /** Calls in a batch of those clients that send batches; 1: none does. */
  readonly batch: number
}

/** What is asked for. */
export type Kind = 'height' | 'hash' | 'balance'

/** The kinds of clients, one after another: single calls, WebSocket, ethers, and batches twice. */
export async function openPoller(i: number, options: PollerOptions): Promise<Poller> {
  switch (i % 5) {
    case 0:
      return plainPoller(options, 1)
    case 1:
      return await socketPoller(options)
    case 2:
      return ethersPoller(options)
    default:
      return plainPoller(options, options.batch)
  }
}

function kindOf(i: number, kinds: readonly Kind[]): Kind {
  return kinds[i % kinds.length] ?? 'height'
}

function callOf(id: number, { kinds, account }: PollerOptions) {
  const jsonrpc = '2.0'
  const kind = kindOf(id, kinds)
  switch (kind) {
    case 'height':
      return { jsonrpc, id, method: 'eth_blockNumber', params: [] }
    case 'hash':
      return { jsonrpc, id, method: 'eth_getBlockByNumber', params: ['latest', false] }
    case 'balance':
      return { jsonrpc, id, method: 'eth_getBalance', params: [account, 'latest'] }
  }
  kind satisfies never
}

function shownIn(i: number, answer: unknown, { kinds }: PollerOptions): Shown {
  const kind = kindOf(i, kinds)
  const result = field(answer, 'result')
  try {
    if (kind === 'hash') return { kind, value: text(field(result, 'hash')) }
    return { kind, value: quantity(result) }
  } catch {
    return { kind: 'failure', value: JSON.stringify(answer) }
  }
}

/** One kept HTTP connection. */
function plainPoller(options: PollerOptions, together: number): Poller {
  const client = new Client(options.url, { headersTimeout: timeoutMs })
  let asked = 0
  return {
    async ask(count) {
      const shown: Shown[] = []
      while (shown.length < count) {
        const calls = Array.from({ length: together }, (_, i) => callOf(asked + i, options))
        const { body } = await client.request({
          method: 'POST',
          path: '/',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(together === 1 ? calls[0] : calls),
        })
        const answers = [await body.json()].flat()
        shown.push(...calls.map((_, i) => shownIn(asked + i, answers[i], options)))
        asked += together
      }
      return shown
    },
    close: () => client.destroy(),
  }
}

/** One WebSocket, one call at a time. */
async function socketPoller(options: PollerOptions): Promise<Poller> {
  const socket = new WebSocket(options.url.replace(/^http/, 'ws'))
  await once(socket, 'open')
  let asked = 0
  return {
    async ask(count) {
      const shown: Shown[] = []
      for (; shown.length < count; asked += 1) {
        socket.send(JSON.stringify(callOf(asked, options)))
        const [data] = await once(socket, 'message', { signal: AbortSignal.timeout(timeoutMs) })
        shown.push(shownIn(asked, JSON.parse(String(data)), options))
      }
      return shown
    },
    async close() {
      socket.terminate()
    },
  }
}

/** ethers v6 as it comes, but that it must not answer out of its own cache. */
function ethersPoller({ url, chainId, kinds, account }: PollerOptions): Poller {
  const request = new FetchRequest(url)
  request.timeout = timeoutMs
  const provider = new JsonRpcProvider(request, chainId, { staticNetwork: true, cacheTimeout: -1 })
  const questions = {
    height: () => provider.getBlockNumber(),
    hash: async () => (await provider.getBlock('latest'))?.hash ?? '',
    balance: async () => Number(await provider.getBalance(account)),
  }
  let asked = 0
  return {
    async ask(count) {
      const shown: Shown[] = []
      // One after another: what it asks at once it may put into two requests, sent side by side.
      for (; shown.length < count; asked += 1) {
        const kind = kindOf(asked, kinds)
        const value = await questions[kind]().catch((error: unknown) => error)
        const isShown = typeof value === 'string' || typeof value === 'number'
        shown.push(isShown ? { kind, value } : { kind: 'failure', value: String(value) })
      }
      return shown
    },
    async close() {
      provider.destroy()
    },
  }
}
