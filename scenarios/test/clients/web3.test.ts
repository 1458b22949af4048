import { after, before, type TestContext, test } from 'node:test'
import { ContractExecutionError, ResponseError, type Web3 } from 'web3'
import type { Stack } from '../../stack.ts'
import { highest, isEachAnother, isGapless, isWithoutGap, standing, stepsBack } from './heard.ts'
import { standingStack } from './standing-stack.ts'
import { playedAlike, settled, targetsOf } from './targets.ts'
import {
  createdByWeb3,
  deployedByWeb3,
  functionOf,
  type MarbleLog,
  type MarblesOfWeb3,
  polledBy,
  pushedTo,
  web3Clients,
} from './web3-clients.ts'

const sendsEach = 4

let stack: Stack
before(async () => {
  stack = await standingStack()
})
after(async () => {
  await stack.close()
})

test('web3: what ten accounts send at once is mined, and heard of once', async (t: TestContext) => {
  await playedAlike(t, stack, async (target) => {
    const { http, feed } = web3Clients(t, stack, target)
    const accounts = addresses()
    const [owner = ''] = accounts
    const contract = await deployedByWeb3(http, owner, target)
    const { address } = contract.options
    const pushed = await pushedTo(feed, address)
    const polled = await polledBy(t, http, address)
    const all = [...Object.values(pushed), polled.logs, polled.blocks, polled.pending]
    // A filter begins when the node has it, which nobody tells: so marbles are made until all heard of one.
    let from = 0n
    for (let i = 0; all.some(({ values }) => values.length === 0); i += 1) {
      from = await createdByWeb3(contract, `first ${i}`, { from: owner })
    }
    await target.has(from)
    const blocks = await Promise.all(
      accounts.map((account) => createdInTurn(http, contract, account)),
    )
    const last = highest(blocks.flat())
    await target.has(last)
    const logs = await contract.getPastEvents('Created', { fromBlock: from + 1n, toBlock: last })
    const hashes = logs.map((log) => (typeof log === 'string' ? log : `${log.transactionHash}`))
    const isNew = new Set(hashes)
    t.assert.equal(isNew.size, accounts.length * sendsEach)
    const newOf = (told: readonly MarbleLog[]): readonly string[] => {
      const hashes = standing(told, indexOf).map(({ transactionHash }) => transactionHash)
      return hashes.filter((hash) => isNew.has(hash))
    }
    for (const heard of [pushed.logs, polled.logs]) {
      await heard.until((told) => isNew.isSubsetOf(new Set(newOf(told))))
    }
    for (const heard of [pushed.pending, polled.pending]) {
      await heard.until((told) => isNew.isSubsetOf(new Set(told)))
    }
    // Two blocks on, whatever would be told twice has been.
    await pushed.heads.until((numbers) => numbers.includes(last + 2n))
    for (const { values } of [pushed.logs, polled.logs]) {
      t.assert.deepEqual(newOf(values).toSorted(), hashes.toSorted())
    }
    for (const { values } of [polled.pending, pushed.pending]) {
      t.assert.equal(new Set(values).size, values.length, `${target.name}: ${values.join()}`)
    }
    // Anvils that are given a transaction in mid-sealing have a block replaced: a short reorganisation,
    // after which, as at a Geth, a block that is the head again is told again.
    const heads = pushed.heads.values
    const isWhole = target.name === 'node' ? isGapless : isWithoutGap
    t.assert.ok(isWhole(heads), `${target.name}: ${heads.join()}`)
    const blockHashes = polled.blocks.values
    const toldAgain = blockHashes.length - new Set(blockHashes).size
    const text = `${target.name}: ${blockHashes.join()} at ${heads.join()}`
    t.assert.ok(isEachAnother(blockHashes) && toldAgain <= stepsBack(heads), text)
    return {
      accounts: await http.eth.getAccounts(),
      events: logs.length,
      uninstalled: await polled.end(),
    }
  })
})

test('web3: of one block a node and the proxy tell the same, over HTTP and WebSocket', async (t: TestContext) => {
  const [node] = targetsOf(stack)
  const { http } = web3Clients(t, stack, node)
  const [, owner = ''] = addresses()
  const made = await deployedByWeb3(http, owner, node)
  const number = await createdByWeb3(made, 'tiger', { from: owner })
  await node.has(number)
  await playedAlike(t, stack, async (target) => {
    const clients = web3Clients(t, stack, target)
    return await settled({
      overHttp: toldOf(clients.http, made.options.address, owner, number),
      overWebSocket: toldOf(clients.feed, made.options.address, owner, number),
    })
  })
})

test('web3: why a call fails is told, with the data of the contract', async (t: TestContext) => {
  const outcome = await playedAlike(t, stack, async (target) => {
    const { http, feed } = web3Clients(t, stack, target)
    const [, , owner = '', other = ''] = addresses()
    const contract = await deployedByWeb3(feed, owner, target)
    await target.has(await createdByWeb3(contract, 'lynx', { from: owner }))
    const id = await functionOf(contract, 'idOf', 'lynx').call()
    const create = functionOf(contract, 'create', 'lynx', 'red', '1')
    const transfer = functionOf(contract, 'transfer', id, other)
    const unknown = `0x${'1'.repeat(64)}`
    return {
      id,
      again: await create.call({ from: owner }).catch(reasonOf),
      theft: await transfer.call({ from: other }).catch(reasonOf),
      estimate: await transfer.estimateGas({ from: other }).catch(reasonOf),
      poor: await http.eth.estimateGas({ from: unknown.slice(0, 42), value: 1n }).catch(reasonOf),
    }
  })
  t.assert.match(String(outcome.again), /"code":3,.*"errorName":"Exists"/)
  t.assert.match(String(outcome.theft), /"code":3,.*"errorName":"NotOwner"/)
})

function addresses(): readonly string[] {
  return stack.accounts.map(({ address }) => address)
}

/** Sends marbles of one account at once, its nonces counted here. Resolves with their blocks. */
async function createdInTurn(
  { eth }: Web3,
  contract: MarblesOfWeb3,
  from: string,
): Promise<readonly bigint[]> {
  const first = await eth.getTransactionCount(from)
  const sends = Array.from({ length: sendsEach }, async (_, i) => {
    const nonce = `0x${(first + BigInt(i)).toString(16)}`
    return await createdByWeb3(contract, `${from} ${i}`, { from, nonce })
  })
  return await Promise.all(sends)
}

/** Block `number` and the state behind it, all that web3 asks. */
async function toldOf(
  { eth }: Web3,
  address: string | undefined,
  owner: string,
  number: bigint,
): Promise<unknown> {
  if (address === undefined) throw new Error('no contract')
  const block = await eth.getBlock(number, true)
  const [transaction] = block.transactions ?? []
  if (typeof transaction !== 'object') throw new Error('a block without transactions')
  const { hash = '' } = transaction
  return await settled({
    block: Promise.resolve(block),
    byHash: eth.getBlock(String(block.hash)),
    transaction: eth.getTransaction(hash),
    byPlace: eth.getTransactionFromBlock(number, 0),
    receipt: eth.getTransactionReceipt(hash),
    count: eth.getBlockTransactionCount(number),
    logs: eth.getPastLogs({ address, fromBlock: number, toBlock: number }),
    code: eth.getCode(address, number),
    balance: eth.getBalance(owner, number),
    nonce: eth.getTransactionCount(owner, number),
    proof: eth.getProof(owner, [], number),
    // What comes after the last is, with Anvil, of its head and not of that block.
    fees: eth.getFeeHistory(4, number, [50]).then((fees) => fees.baseFeePerGas.slice(0, -1)),
    chainId: eth.getChainId(),
  })
}

/** What a failure says: code and words of the answer, and the contract's error where there is one. */
function reasonOf(error: unknown): string {
  if (error instanceof ResponseError) return JSON.stringify(error.cause?.message ?? error.message)
  if (!(error instanceof ContractExecutionError)) throw error
  const { code, message, data, errorName, errorArgs } = error.cause
  return JSON.stringify({ code, message, data, errorName, errorArgs })
}

function indexOf({ logIndex }: MarbleLog): number {
  return logIndex
}
