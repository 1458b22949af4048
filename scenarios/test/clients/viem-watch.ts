import type { Address, Hash, Log } from 'viem'
import { Heard } from './heard.ts'
import { marblesAbi } from './marbles.ts'
import type { ViemClients } from './viem-clients.ts'

/** Every way in which viem tells what happens, of one contract and of the chain, until the test ends. */
export function watching({ reader, feed, endings }: ViemClients, address: Address) {
  const polledLogs = new Heard<Log>()
  const pushedLogs = new Heard<Log>()
  const polledBlocks = new Heard<bigint>()
  const pushedBlocks = new Heard<bigint | undefined>()
  const numbers = new Heard<bigint>()
  const polledPending = new Heard<Hash>()
  const pushedPending = new Heard<Hash>()
  const logsOf = ({ take, fail: onError }: Heard<Log>) => {
    return { address, abi: marblesAbi, onLogs: (logs: readonly Log[]) => take(...logs), onError }
  }
  const pendingTo = ({ take, fail: onError }: Heard<Hash>) => {
    return { onTransactions: (hashes: readonly Hash[]) => take(...hashes), onError }
  }
  const unwatch = [
    reader.watchContractEvent(logsOf(polledLogs)),
    feed.watchContractEvent(logsOf(pushedLogs)),
    reader.watchBlocks({
      emitMissed: true,
      onBlock: ({ number }) => polledBlocks.take(number),
      onError: polledBlocks.fail,
    }),
    feed.watchBlocks({
      // Without a block where the node that was asked did not have it; its type denies that.
      onBlock: (block: { readonly number: bigint } | undefined) => pushedBlocks.take(block?.number),
      onError: pushedBlocks.fail,
    }),
    feed.watchBlockNumber({
      emitOnBegin: false,
      onBlockNumber: (n) => numbers.take(n),
      onError: numbers.fail,
    }),
    reader.watchPendingTransactions(pendingTo(polledPending)),
    feed.watchPendingTransactions(pendingTo(pushedPending)),
  ]
  endings.push(async () => {
    for (const end of unwatch) end()
    // In the batch of the requests to uninstall the filters: viem polls on for ever where one fails.
    await reader.getChainId()
  })
  return {
    polledLogs,
    pushedLogs,
    polledBlocks,
    pushedBlocks,
    numbers,
    polledPending,
    pushedPending,
    all: [
      polledLogs,
      pushedLogs,
      polledBlocks,
      pushedBlocks,
      numbers,
      polledPending,
      pushedPending,
    ],
  }
}
