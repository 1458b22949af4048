import { FetchRequest, JsonRpcProvider } from 'ethers'
import {
  type Address,
  createPublicClient,
  type Hash,
  type Hex,
  http,
  TransactionNotFoundError,
  TransactionReceiptNotFoundError,
} from 'viem'
import { quantity, text } from '../../fleets/block.ts'
import { field, NodeRpc } from '../../fleets/node-rpc.ts'
import type { BlockSeen } from './seen.ts'

/** What a sender needs of a client. Every call rejects where the answer is an error or none. */
export type Client = {
  /** The next nonce, by `pending`. */
  nonce(address: string): Promise<number>
  send(raw: string): Promise<string>
  transaction(hash: string): Promise<{ readonly nonce: number } | null>
  receipt(hash: string): Promise<BlockSeen | null>
  balance(address: string): Promise<bigint>
  close(): Promise<void>
}

const timeoutMs = 40_000

/** Kept connections and single messages. */
export function plainClient(url: string): Client {
  const rpc = new NodeRpc(url, timeoutMs)
  return {
    nonce: async (address) =>
      quantity(await rpc.call('eth_getTransactionCount', address, 'pending')),
    send: async (raw) => text(await rpc.call('eth_sendRawTransaction', raw)),
    async transaction(hash) {
      const found = await rpc.call('eth_getTransactionByHash', hash)
      return found === null ? null : { nonce: quantity(field(found, 'nonce')) }
    },
    async receipt(hash) {
      const found = await rpc.call('eth_getTransactionReceipt', hash)
      if (found === null) return null
      const number = quantity(field(found, 'blockNumber'))
      return { number, hash: text(field(found, 'blockHash')) }
    },
    balance: async (address) => BigInt(text(await rpc.call('eth_getBalance', address, 'latest'))),
    close: () => rpc.close(),
  }
}

/** ethers v6 as it comes, but that it must not answer out of its own cache: calls go in batches. */
export function ethersClient(url: string, chainId: number): Client {
  const request = new FetchRequest(url)
  request.timeout = timeoutMs
  const provider = new JsonRpcProvider(request, chainId, { staticNetwork: true, cacheTimeout: -1 })
  return {
    nonce: (address) => provider.getTransactionCount(address, 'pending'),
    send: async (raw) => (await provider.broadcastTransaction(raw)).hash,
    transaction: (hash) => provider.getTransaction(hash),
    async receipt(hash) {
      const found = await provider.getTransactionReceipt(hash)
      return found === null ? null : { number: found.blockNumber, hash: found.blockHash }
    },
    balance: (address) => provider.getBalance(address),
    async close() {
      provider.destroy()
    },
  }
}

/**
 * viem v2 as it comes, but that it neither caches nor tries again: single calls over the connections
 * of Node's own `fetch`, which all such clients share.
 */
export function viemClient(url: string, chainId: number): Client {
  const nativeCurrency = { name: 'Ether', symbol: 'ETH', decimals: 18 }
  const chain = {
    id: chainId,
    name: 'fleet',
    nativeCurrency,
    rpcUrls: { default: { http: [url] } },
  }
  const transport = http(url, { timeout: timeoutMs, retryCount: 0 })
  const client = createPublicClient({ chain, transport, cacheTime: 0 })
  return {
    nonce: (address) =>
      client.getTransactionCount({ address: address as Address, blockTag: 'pending' }),
    send: (raw) => client.sendRawTransaction({ serializedTransaction: raw as Hex }),
    async transaction(hash) {
      try {
        return await client.getTransaction({ hash: hash as Hash })
      } catch (error) {
        if (error instanceof TransactionNotFoundError) return null
        throw error
      }
    },
    async receipt(hash) {
      try {
        const found = await client.getTransactionReceipt({ hash: hash as Hash })
        return { number: Number(found.blockNumber), hash: found.blockHash }
      } catch (error) {
        if (error instanceof TransactionReceiptNotFoundError) return null
        throw error
      }
    },
    balance: (address) => client.getBalance({ address: address as Address }),
    async close() {
      // Idle connections of `fetch` close by themselves and keep no process alive.
    },
  }
}
