import { setTimeout as wait } from 'node:timers/promises'
import { logCode } from './burn.ts'
import type { ChainFacts } from './chain.ts'
import { ask, askQuantity } from './rpc.ts'

export type SeedOptions = {
  /** The endpoint that takes the transactions. */
  readonly endpoint: string
  /** Every node behind it; the seed ends when each has the last block. */
  readonly nodeUrls: readonly string[]
  /** Funded accounts, at least one; the first pays. */
  readonly accounts: readonly { readonly address: string; readonly privateKey: string }[]
  readonly signal: AbortSignal
}

/** Blocks with logs, logs in each, and plain transfers beside them (their receipts are small). */
const rounds = 4
const logsPerRound = 120
const transfersPerRound = 6
/** Enough for the logs above and the code around them. */
const logGas = 60_000 + logsPerRound * 1_100
const transferGas = 21_000
const pollMs = 100
/** Past this the chain stands still. */
const patienceMs = 30_000

/**
 * Gives a fresh chain something to read: blocks with logs and transfers, each mined before the next
 * is sent, so that they lie in blocks of their own.
 *
 * @throws RpcFailure when a transaction is refused; Error when the chain does not move
 */
export async function seedChain(options: SeedOptions): Promise<ChainFacts> {
  const { endpoint, nodeUrls, accounts, signal } = options
  const payer = accounts[0]
  if (payer === undefined) throw new RangeError('seeding a chain takes a funded account')
  // Only a seeded chain needs a signer; a run against a strange one does not wait for its loading.
  const { Wallet } = await import('ethers')
  const wallet = new Wallet(payer.privateKey)
  const chainId = await askQuantity(endpoint, 'eth_chainId', [], signal)
  const gasPrice = 2 * (await askQuantity(endpoint, 'eth_gasPrice', [], signal))
  let nonce = await askQuantity(
    endpoint,
    'eth_getTransactionCount',
    [payer.address, 'latest'],
    signal,
  )

  const send = async (transaction: { to?: string; data?: string; gasLimit: number }) => {
    const raw = await wallet.signTransaction({ ...transaction, chainId, gasPrice, nonce, type: 0 })
    nonce += 1
    return String(await ask(endpoint, 'eth_sendRawTransaction', [raw], signal))
  }

  const transactions: string[] = []
  const logBlocks: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const logs = await send({ data: logCode(logsPerRound), gasLimit: logGas })
    for (let i = 0; i < transfersPerRound; i += 1) {
      transactions.push(await send({ to: payer.address, gasLimit: transferGas }))
    }
    for (const hash of transactions) await minedIn(endpoint, hash, signal)
    logBlocks.push(await minedIn(endpoint, logs, signal))
  }
  const lastBlock = await askQuantity(endpoint, 'eth_blockNumber', [], signal)
  for (const url of nodeUrls) {
    await until(
      async () => (await askQuantity(url, 'eth_blockNumber', [], signal)) >= lastBlock,
      `block ${lastBlock} on ${url}`,
      signal,
    )
  }
  return {
    firstBlock: 1,
    lastBlock,
    accounts: accounts.map((account) => account.address),
    transactions,
    logBlocks: { first: Math.min(...logBlocks), last: Math.max(...logBlocks) },
  }
}

async function minedIn(endpoint: string, hash: string, signal: AbortSignal): Promise<number> {
  let number = 0
  await until(
    async () => {
      const receipt = await ask(endpoint, 'eth_getTransactionReceipt', [hash], signal)
      if (typeof receipt !== 'object' || receipt === null) return false
      number = Number((receipt as { blockNumber?: unknown }).blockNumber)
      return Number.isSafeInteger(number)
    },
    `the receipt of ${hash}`,
    signal,
  )
  return number
}

async function until(
  isSo: () => Promise<boolean>,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  const deadlineMs = performance.now() + patienceMs
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`no ${what} within ${patienceMs / 1000} s`)
    await wait(pollMs, undefined, { signal })
  }
}
