import { ask, askQuantity, RpcFailure } from './rpc.ts'

/** What calls may ask about, fixed before the first trial so that all trials ask the same. */
export type ChainFacts = {
  /** Blocks that may be asked for, numbers, first ≤ last; every node has them. */
  readonly firstBlock: number
  readonly lastBlock: number
  /** Addresses, at least one. */
  readonly accounts: readonly string[]
  /** Hashes of mined transactions; may be empty. */
  readonly transactions: readonly string[]
  /** Blocks with logs, or null when none are known. */
  readonly logBlocks: { readonly first: number; readonly last: number } | null
  /** Params of single calls of the workloads that need them, by workload and row. */
  readonly samples?: {
    readonly [workload: string]: { readonly [row: string]: readonly (readonly unknown[])[] }
  }
}

/** The newest blocks searched for transactions, and the most transactions kept. */
const searchedBlocks = 64
const maxTransactions = 256
/** Behind the head by so many blocks, so that each node behind the endpoint has them. */
const settledBlocks = 2
/** Blocks of a strange chain over which logs are asked for. */
const strangeLogBlocks = 4

/** Asked about when nobody names accounts: any address has a balance. */
const anyAccounts = Array.from(
  { length: 16 },
  (_, i) => `0x${(i + 1).toString(16).padStart(2, '0').repeat(20)}`,
)

/**
 * Looks at a chain through one endpoint: its newest settled blocks and their transactions.
 * @throws RpcFailure when the endpoint is no Ethereum endpoint
 */
export async function surveyChain(
  url: string,
  accounts: readonly string[],
  signal: AbortSignal,
): Promise<ChainFacts> {
  const head = await askQuantity(url, 'eth_blockNumber', [], signal)
  const lastBlock = Math.max(0, head - settledBlocks)
  const transactions: string[] = []
  const busyBlocks: number[] = []
  const firstBlock = Math.max(0, lastBlock - searchedBlocks + 1)
  for (let number = lastBlock; number >= firstBlock; number -= 1) {
    const hashes = await transactionsOf(url, number, signal)
    if (hashes.length > 0) busyBlocks.push(number)
    transactions.push(...hashes)
    if (transactions.length >= maxTransactions) break
  }
  const newest = busyBlocks[0]
  return {
    firstBlock,
    lastBlock,
    accounts: accounts.length > 0 ? accounts : anyAccounts,
    transactions: transactions.slice(0, maxTransactions),
    logBlocks:
      newest === undefined
        ? null
        : { first: Math.max(firstBlock, newest - strangeLogBlocks + 1), last: newest },
  }
}

async function transactionsOf(
  url: string,
  number: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const tag = `0x${number.toString(16)}`
  const block = await ask(url, 'eth_getBlockByNumber', [tag, false], signal)
  if (typeof block !== 'object' || block === null || !('transactions' in block)) {
    throw new RpcFailure(`eth_getBlockByNumber: ${url} has no block ${number}`)
  }
  const { transactions } = block
  if (!Array.isArray(transactions)) throw new RpcFailure('a block without a list of transactions')
  return transactions.filter((hash) => typeof hash === 'string')
}
