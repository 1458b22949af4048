import { after, before, type TestContext, test } from 'node:test'
import {
  BaseError,
  ContractFunctionRevertedError,
  type Hash,
  type Log,
  RpcRequestError,
} from 'viem'
import type { Stack } from '../../stack.ts'
import { highest, isGapless, isRising, isWithoutGap, standing } from './heard.ts'
import { marblesAbi } from './marbles.ts'
import { standingStack } from './standing-stack.ts'
import { playedAlike, settled, targetsOf } from './targets.ts'
import { deployedMarbles, receiptOf, viemClients, viemWallets } from './viem-clients.ts'
import { watching } from './viem-watch.ts'

const transactions = 200

let stack: Stack
before(async () => {
  stack = await standingStack()
})
after(async () => {
  await stack.close()
})

test('viem: of 200 transactions of ten accounts at once each is mined, and heard of once', async (t: TestContext) => {
  await playedAlike(t, stack, async (target) => {
    const clients = viemClients(t, target)
    const wallets = viemWallets(stack, target)
    const { address, block } = await deployedMarbles(clients, wallets, target)
    const create = async (name: string, index: number): Promise<Hash> => {
      const wallet = wallets[index % wallets.length]
      if (wallet === undefined) throw new Error('no wallet')
      const args = [name, 'red', 1n] as const
      const call = { address, abi: marblesAbi, functionName: 'create', args } as const
      // An estimate would be of an account that has none; a second marble costs more than a first.
      return await wallet.writeContract({ ...call, gas: 300_000n })
    }
    const watched = watching(clients, address)
    // A filter begins when the node has it, which nobody tells: so marbles are made until all heard of one.
    let from = block
    for (let i = 0; !watched.all.every(({ values }) => values.length > 0); i += 1) {
      const { blockNumber } = await receiptOf(clients, await create(`first ${i}`, i))
      from = blockNumber
    }
    const names = Array.from({ length: transactions }, (_, i) => `marble ${i}`)
    const hashes = await Promise.all(names.map(create))
    t.assert.equal(new Set(hashes).size, transactions)
    const receipts = await Promise.all(hashes.map((hash) => receiptOf(clients, hash)))
    t.assert.ok(receipts.every(({ status }) => status === 'success'))
    const last = highest(receipts.map(({ blockNumber }) => blockNumber))
    await target.has(last)
    const logs = await clients.reader.getLogs({ address, fromBlock: from + 1n, toBlock: last })
    const expected = logs.map(placeOf).sort()
    t.assert.equal(expected.length, transactions)
    const isNew = ({ blockNumber }: Log) => (blockNumber ?? 0n) > from
    for (const heard of [watched.polledLogs, watched.pushedLogs]) {
      await heard.until((told) => standing(told, indexOf).filter(isNew).length >= transactions)
    }
    for (const blocks of [watched.polledBlocks, watched.numbers]) {
      // Two blocks on, whatever would be told twice has been.
      await blocks.until((numbers) => numbers.some((number) => number >= last + 2n))
      // Anvils that are given a transaction in mid-sealing have a block replaced: a short reorganisation.
      const isWhole = target.name === 'node' ? isGapless : isWithoutGap
      t.assert.ok(isWhole(blocks.values), blocks.values.join())
    }
    for (const { values } of [watched.polledLogs, watched.pushedLogs]) {
      t.assert.deepEqual(standing(values, indexOf).filter(isNew).map(placeOf).sort(), expected)
    }
    for (const heard of [watched.polledPending, watched.pushedPending]) {
      await heard.until((told) => new Set(hashes).isSubsetOf(new Set(told)))
      t.assert.equal(new Set(heard.values).size, heard.values.length)
    }
    const pushed = watched.pushedBlocks.values
    if (target.name === 'node') t.assert.ok(isGapless(pushed.map((number) => number ?? 0n)))
    // On each head viem asks for the block, at present perhaps of a node that does not have it yet.
    else t.assert.ok(isRising([...new Set(pushed.filter((number) => number !== undefined))]))
    return { mined: receipts.length, events: expected.length }
  })
})

test('viem: a filter tells each event once, until it is uninstalled', async (t: TestContext) => {
  await playedAlike(t, stack, async (target) => {
    const clients = viemClients(t, target)
    const wallets = viemWallets(stack, target)
    const { address } = await deployedMarbles(clients, wallets, target)
    const { reader } = clients
    const [owner] = wallets
    if (owner === undefined) throw new Error('no wallet')
    const filter = await reader.createEventFilter({ address, event: marblesAbi[0] })
    const names = async () => {
      const logs = await reader.getFilterChanges({ filter })
      return logs.map(({ args }) => args.name)
    }
    const create = async (name: string) => {
      const args = [name, 'blue', 2n] as const
      const hash = await owner.writeContract({
        address,
        abi: marblesAbi,
        functionName: 'create',
        args,
      })
      await receiptOf(clients, hash)
    }
    const before = await names()
    await create('one')
    const first = await names()
    await create('two')
    await create('three')
    const second = [await names(), await names()]
    const all = await reader.getFilterLogs({ filter })
    const ended = [
      await reader.uninstallFilter({ filter }),
      await reader.uninstallFilter({ filter }),
    ]
    const failure = await reader.getFilterChanges({ filter }).catch(told)
    t.assert.deepEqual([before, first, second], [[], ['one'], [['two', 'three'], []]])
    t.assert.deepEqual(ended, [true, false])
    return { all: all.map(({ args }) => args.name), failure }
  })
})

test('viem: why a call reverts is told, with its data', async (t: TestContext) => {
  const outcome = await playedAlike(t, stack, async (target) => {
    const clients = viemClients(t, target)
    const wallets = viemWallets(stack, target)
    const { address } = await deployedMarbles(clients, wallets, target)
    const [owner, other] = wallets
    if (owner === undefined || other === undefined) throw new Error('no wallets')
    const create = {
      address,
      abi: marblesAbi,
      functionName: 'create',
      args: ['cat', 'red', 1n],
    } as const
    const { result, request } = await clients.reader.simulateContract({
      ...create,
      account: owner.account,
    })
    const { blockNumber } = await receiptOf(clients, await owner.writeContract(request))
    await target.has(blockNumber)
    const again = await clients.reader.simulateContract(create).catch(told)
    const theft = {
      address,
      abi: marblesAbi,
      functionName: 'transfer',
      args: [result, other.account.address],
    } as const
    const notOwner = await clients.reader
      .simulateContract({ ...theft, account: other.account })
      .catch(told)
    const unknown = await clients.reader
      .estimateContractGas({
        ...theft,
        args: [`0x${'1'.repeat(64)}`, other.account.address],
        account: owner.account,
      })
      .catch(told)
    return { result, again, notOwner, unknown }
  })
  t.assert.match(JSON.stringify(outcome.again), /"code":3,.*"Exists"/)
  t.assert.match(JSON.stringify(outcome.notOwner), /"code":3,.*"NotOwner"/)
})

test('viem: of one block a node and the proxy tell the same, by number and by hash', async (t: TestContext) => {
  const [node] = targetsOf(stack)
  const clients = viemClients(t, node)
  const wallets = viemWallets(stack, node)
  const { address, block: deployed } = await deployedMarbles(clients, wallets, node)
  const [owner] = wallets
  if (owner === undefined) throw new Error('no wallet')
  const args = ['tiger', 'green', 35n] as const
  const hash = await owner.writeContract({ address, abi: marblesAbi, functionName: 'create', args })
  const { blockNumber, blockHash } = await receiptOf(clients, hash)
  await node.has(blockNumber)
  const outcome = await playedAlike(t, stack, async (target) => {
    const { reader } = viemClients(t, target)
    const id = await reader.readContract({
      address,
      abi: marblesAbi,
      functionName: 'idOf',
      args: ['tiger'],
    })
    const slot = `0x${'3'.padStart(64, '0')}` as const
    const get = { address, abi: marblesAbi, functionName: 'get', args: [id] } as const
    const fees = reader.getFeeHistory({ blockCount: 4, blockNumber, rewardPercentiles: [50] })
    return await settled({
      block: reader.getBlock({ blockNumber, includeTransactions: true }),
      blockByHash: reader.getBlock({ blockHash }),
      transaction: reader.getTransaction({ hash }),
      receipt: reader.getTransactionReceipt({ hash }),
      count: reader.getBlockTransactionCount({ blockHash }),
      logs: reader.getLogs({ address, fromBlock: deployed, toBlock: blockNumber }),
      logsByHash: reader.getLogs({ address, blockHash }),
      proof: reader.getProof({ address, storageKeys: [slot], blockNumber }),
      storage: reader.getStorageAt({ address, slot, blockNumber }),
      code: reader.getCode({ address, blockNumber }),
      balance: reader.getBalance({ address: owner.account.address, blockNumber }),
      nonce: reader.getTransactionCount({ address: owner.account.address, blockNumber }),
      // What comes after the last is, with Anvil, of its head and not of that block.
      fees: fees.then(({ baseFeePerGas, ...rest }) => [rest, baseFeePerGas.slice(0, -1)]),
      atHash: reader.readContract({ ...get, blockHash }),
      tooEarly: reader.readContract({ ...get, blockNumber: deployed }).catch(told),
    })
  })
  t.assert.equal(outcome.atHash.size, 35n)
  t.assert.match(JSON.stringify(outcome.tooEarly), /"Unknown"/)
  t.assert.equal(outcome.proof.storageProof.length, 1)
})

function placeOf({ blockHash, logIndex }: Log): string {
  return `${blockHash} ${logIndex}`
}

/** What a failure says: the code and words of the answer, and the contract's error where there is one. */
function told(error: unknown) {
  if (!(error instanceof BaseError)) throw error
  const cause = error.walk((each) => each instanceof RpcRequestError)
  const reverted = error.walk((each) => each instanceof ContractFunctionRevertedError)
  const { code, details, data } = cause instanceof RpcRequestError ? cause : {}
  const { errorName, args } =
    (reverted instanceof ContractFunctionRevertedError && reverted.data) || {}
  return { code, details, data, errorName, args }
}

function indexOf({ logIndex }: Log): number | null {
  return logIndex
}
