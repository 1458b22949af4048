import { FetchRequest, JsonRpcProvider } from 'ethers'
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
