import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Web3, WebSocketProvider } from 'web3'
import type { Stack } from '../../stack.ts'
import { Heard } from './heard.ts'
import { marblesAbi, marblesBytecode } from './marbles.ts'
import { nodesAre } from './standing-stack.ts'
import type { Target } from './targets.ts'

const pollingIntervalMs = 100
/** More than a marble needs: an estimate would be of an account that has none yet. */
const gas = '300000'

export type MarblesOfWeb3 = Awaited<ReturnType<typeof deployedByWeb3>>

/**
 * Clients of one target, over HTTP and over WebSocket; they end with the test. They send by accounts
 * of the node or, where it has none, by keys of their own.
 */
export function web3Clients(t: TestContext, stack: Stack, target: Target) {
  const provider = new WebSocketProvider(target.wsUrl, {}, { autoReconnect: false })
  const http = new Web3(target.url)
  const feed = new Web3(provider)
  for (const { eth } of [http, feed]) {
    eth.setConfig({ transactionPollingInterval: pollingIntervalMs })
    if (nodesAre === 'geth') {
      for (const { privateKey } of stack.accounts) eth.accounts.wallet.add(privateKey)
    }
  }
  t.after(async () => {
    await feed.eth.clearSubscriptions()
    provider.disconnect()
  })
  return { http, feed }
}

/** Marbles where an account of the node deployed it, once every node has it. */
export async function deployedByWeb3({ eth }: Web3, from: string, target: Target) {
  const code = new eth.Contract(marblesAbi).deploy({ data: marblesBytecode })
  const contract = await code.send({ from, gas: '3000000' })
  const address = contract.options.address
  if (address === undefined) throw new Error('deployed nowhere')
  await target.has(await eth.getBlockNumber())
  return contract
}

/** What web3 tells of a log, as far as it is looked at. */
export type MarbleLog = {
  readonly transactionHash: string
  readonly blockHash: string | null
  readonly logIndex: number
  readonly removed: boolean
}

/** A function of the contract with its arguments, to be called or sent. */
export function functionOf(contract: MarblesOfWeb3, name: string, ...args: readonly unknown[]) {
  const method = contract.methods[name]
  if (method === undefined) throw new RangeError(`Marbles has no ${name}`)
  return method(...args)
}

/** Creates a marble. Resolves with the block that holds it. */
export async function createdByWeb3(
  contract: MarblesOfWeb3,
  name: string,
  sender: { readonly from: string; readonly nonce?: string },
): Promise<bigint> {
  const { status, blockNumber } = await functionOf(contract, 'create', name, 'red', '1').send({
    ...sender,
    gas,
  })
  if (status !== 1n) throw new Error(`${name} was not created`)
  return BigInt(blockNumber)
}

/** What a node pushes: logs of `address`, heads and transactions, until the test ends. */
export async function pushedTo({ eth }: Web3, address: string | undefined) {
  const logs = new Heard<MarbleLog>()
  const heads = new Heard<bigint>()
  const pending = new Heard<string>()
  const subscriptions = {
    logs: await eth.subscribe('logs', address === undefined ? {} : { address }),
    heads: await eth.subscribe('newBlockHeaders'),
    pending: await eth.subscribe('pendingTransactions'),
  }
  subscriptions.logs.on('data', (log) => logs.take(marbleLog(log)))
  subscriptions.logs.on('error', logs.fail)
  subscriptions.heads.on('data', ({ number }) => heads.take(BigInt(number ?? -1)))
  subscriptions.heads.on('error', heads.fail)
  subscriptions.pending.on('data', (hash) => pending.take(hash))
  subscriptions.pending.on('error', pending.fail)
  return { logs, heads, pending }
}

type Changes = Awaited<ReturnType<Web3['eth']['getFilterChanges']>>

/** The same, asked for ten times a second: web3 has no subscriptions over HTTP. */
export async function polledBy(t: TestContext, { eth }: Web3, address: string | undefined) {
  const logs = new Heard<MarbleLog>()
  const blocks = new Heard<string>()
  const pending = new Heard<string>()
  const polls = [
    {
      make: () => eth.createNewFilter(address === undefined ? {} : { address }),
      take: (changes: Changes) => logs.take(...changes.map(marbleLog)),
    },
    {
      make: () => eth.createNewBlockFilter(),
      take: (changes: Changes) => blocks.take(...changes.map(String)),
    },
    {
      make: () => eth.createNewPendingTransactionFilter(),
      take: (changes: Changes) => pending.take(...changes.map(String)),
    },
  ]
  let isOver = false
  const polling = polls.map(async ({ make, take }) => {
    const filter = await wholeNumber(make)
    while (!isOver) {
      take(await eth.getFilterChanges(filter))
      await pause(pollingIntervalMs)
    }
    return await eth.uninstallFilter(filter)
  })
  const ended = Promise.all(polling)
  ended.catch((error: unknown) => {
    for (const heard of [logs, blocks, pending]) heard.fail(error)
  })
  const end = async (): Promise<readonly boolean[]> => {
    isOver = true
    return await ended
  }
  t.after(end)
  return { logs, blocks, pending, end }
}

/** web3 takes ids for numbers and drops zeros that lead, which Geth never writes but Anvil does. */
async function wholeNumber(make: () => Promise<bigint>): Promise<bigint> {
  for (;;) {
    const id = await make()
    if (id.toString(16).length === 32) return id
  }
}

function marbleLog(log: Changes[number]): MarbleLog {
  if (typeof log === 'string') throw new TypeError(`not a log: ${log}`)
  const { transactionHash = '', blockHash = null, logIndex, removed = false } = log
  return {
    transactionHash: String(transactionHash),
    blockHash: blockHash === null ? null : String(blockHash),
    logIndex: Number(logIndex),
    removed: removed === true,
  }
}
