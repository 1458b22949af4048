import { setTimeout as pause } from 'node:timers/promises'
import { ask, RpcFailure } from '../rpc.ts'
import { inChunks } from './chunks.ts'

/** What a receipt says of a transaction's place in the chain, and of how it went. */
export type Receipt = {
  readonly hash: string
  readonly block: number
  readonly blockHash: string
  readonly index: number
  readonly succeeded: boolean
}

const pollMs = 100
/** A chain that takes longer stands still. */
const patienceMs = 30_000

/**
 * Sends raw transactions, those of one sender in order.
 * @throws RpcFailure when one is refused and is not known already
 */
export async function sendAll(
  url: string,
  signed: readonly { readonly raw: string; readonly hash: string; readonly sender?: number }[],
  signal: AbortSignal,
): Promise<void> {
  const bySender = Map.groupBy(signed, ({ sender }) => sender ?? 0)
  await inChunks([...bySender.values()], async (own) => {
    for (const { raw } of own) await offer(url, raw, signal)
  })
}

/** Offers a transaction; one that the endpoint has already is as good. @throws RpcFailure when refused */
export async function offer(url: string, raw: string, signal: AbortSignal): Promise<void> {
  try {
    await ask(url, 'eth_sendRawTransaction', [raw], signal)
  } catch (error) {
    if (!(error instanceof RpcFailure) || !/already known|already imported/i.test(error.message)) {
      throw error
    }
  }
}

/**
 * Waits for the receipts of transactions, in the order of the hashes, until all are there and stay as
 * they are: a block that was just made may be replaced by one in which they stand otherwise.
 * @returns null for what no block holds in the end
 * @throws RpcFailure when a receipt is none
 */
export async function awaitReceipts(
  url: string,
  hashes: readonly string[],
  signal: AbortSignal,
): Promise<readonly (Receipt | null)[]> {
  const deadlineMs = performance.now() + patienceMs
  let before: readonly (Receipt | null)[] = []
  for (;;) {
    const found = await inChunks(hashes, async (hash, i) => {
      // Known to be in a block, it is looked at again only when all are.
      const known = before.includes(null) ? before[i] : null
      if (known != null) return known
      const receipt = await ask(url, 'eth_getTransactionReceipt', [hash], signal)
      return receipt === null ? null : receiptIn(receipt, hash)
    })
    const isSettled = found.every((receipt, i) => receipt !== null && isSame(receipt, before[i]))
    if (isSettled || performance.now() > deadlineMs) return found
    before = found
    await pause(pollMs, undefined, { signal })
  }
}

function isSame(receipt: Receipt, before: Receipt | null | undefined): boolean {
  return receipt.blockHash === before?.blockHash
}

/** The same where each must be mined and have succeeded. @throws Error where one is not, or has not */
export async function successOf(
  url: string,
  hashes: readonly string[],
  signal: AbortSignal,
): Promise<readonly Receipt[]> {
  const receipts = await awaitReceipts(url, hashes, signal)
  return receipts.map((receipt, i) => {
    if (receipt?.succeeded === true) return receipt
    throw new Error(`transaction ${hashes[i]} was ${receipt === null ? 'never mined' : 'reverted'}`)
  })
}

function receiptIn(value: unknown, hash: string): Receipt {
  const { blockHash, blockNumber, transactionIndex, status } = value as Record<string, unknown>
  const [block, index] = [Number(blockNumber), Number(transactionIndex)]
  if (!Number.isSafeInteger(block) || !Number.isSafeInteger(index)) {
    throw new RpcFailure(`the receipt of ${hash} does not say where it is`)
  }
  return { hash, block, blockHash: String(blockHash), index, succeeded: status === '0x1' }
}

/** By their place in the chain. */
export function inChainOrder(one: Receipt, other: Receipt): number {
  return one.block - other.block || one.index - other.index
}
