import { after, before, type TestContext, test } from 'node:test'
import {
  type Contract,
  type EventLog,
  FallbackProvider,
  isCallException,
  isError,
  NonceManager,
} from 'ethers'
import type { Stack } from '../../stack.ts'
import {
  createdBlock,
  deployedByEthers,
  ethersProviders,
  ethersWallet,
  gasLimit,
  heardBlocks,
  heardMarbles,
} from './ethers-clients.ts'
import { isGapless, isRising, isWithoutGap, standing } from './heard.ts'
import { nodesAre, standingStack } from './standing-stack.ts'
import { playedAlike, settled, targetsOf } from './targets.ts'

const sends = 50

let stack: Stack
before(async () => {
  stack = await standingStack()
})
after(async () => {
  await stack.close()
})

test('ethers: of fifty sends of one account at once each is mined, and heard of once', async (t: TestContext) => {
  await playedAlike(t, stack, async (target) => {
    const { http, feed } = ethersProviders(t, target)
    const contract = await deployedByEthers(new NonceManager(ethersWallet(stack, 0, http)), target)
    const polled = await heardMarbles(contract)
    const pushed = await heardMarbles(contract.connect(feed) as Contract)
    const blocks = await heardBlocks(http)
    const heads = await heardBlocks(feed)
    const all = [polled, pushed, blocks, heads]
    // A filter begins when the node has it, which nobody tells: so marbles are made until all heard of one.
    let from = 0
    for (let i = 0; all.some(({ values }) => values.length === 0); i += 1) {
      from = await createdBlock(contract, `first ${i}`)
    }
    const names = Array.from({ length: sends }, (_, i) => `marble ${i}`)
    const last = Math.max(...(await Promise.all(names.map((name) => createdBlock(contract, name)))))
    await target.has(last)
    const logs = await contract.queryFilter('Created', from + 1, last)
    const expected = logs.map(({ transactionHash }) => transactionHash).sort()
    t.assert.equal(new Set(expected).size, sends)
    const isNew = ({ blockNumber }: EventLog) => blockNumber > from
    for (const heard of [polled, pushed]) {
      await heard.until((told) => standing(told, indexOf).filter(isNew).length >= sends)
    }
    // Two blocks on, whatever would be told twice has been.
    for (const heard of [blocks, heads]) await heard.until((told) => told.includes(last + 2))
    for (const { values } of [polled, pushed]) {
      const told = standing(values, indexOf).filter(isNew)
      const places = told.map((log) => `${log.blockHash}/${indexOf(log)}`)
      t.assert.equal(new Set(places).size, told.length)
      // In front of several Anvils a block may be replaced, and a polling client is told of both.
      const hashes = told.map(({ transactionHash }) => transactionHash)
      const heard = target.name === 'node' ? hashes : [...new Set(hashes)]
      t.assert.deepEqual(heard.sort(), expected)
    }
    // Anvils that are given a transaction in mid-sealing have a block replaced: a short reorganisation.
    const isWhole = target.name === 'node' ? isGapless : isWithoutGap
    for (const { values } of [heads, blocks]) t.assert.ok(isWhole(values), values.join())
    t.assert.ok(http.largestBatch > 1)
    return { events: expected.length }
  })
})

test('ethers: a transaction is waited for until another block is on top', async (t: TestContext) => {
  await playedAlike(t, stack, async (target) => {
    const { http } = ethersProviders(t, target)
    const heads = await heardBlocks(http)
    const wallet = ethersWallet(stack, 1, http)
    const { hash } = await wallet.sendTransaction({ to: ethersWallet(stack, 2, http), value: 5n })
    const receipt = await http.waitForTransaction(hash, 2)
    t.assert.ok(Math.max(...heads.values) > (receipt?.blockNumber ?? Number.POSITIVE_INFINITY))
    return { status: receipt?.status, gasUsed: receipt?.gasUsed }
  })
})

test('ethers: over WebSocket everything works that works over HTTP', async (t: TestContext) => {
  const outcome = await playedAlike(t, stack, async (target) => {
    const { feed } = ethersProviders(t, target)
    const contract = await deployedByEthers(ethersWallet(stack, 3, feed), target)
    const block = await createdBlock(contract, 'lynx')
    await target.has(block)
    const id = await contract.getFunction('idOf').staticCall('lynx')
    const again = contract.getFunction('create').staticCall('lynx', 'red', 1n)
    const theft = contract.connect(ethersWallet(stack, 4, feed)) as Contract
    return await settled({
      total: contract.getFunction('total').staticCall(),
      marble: contract.getFunction('get').staticCall(id).then(String),
      again: again.catch(revertOf),
      theft: theft.getFunction('transfer').staticCall(id, contract.target).catch(revertOf),
      gas: contract.getFunction('create').estimateGas('puma', 'red', 1n, { gasLimit }),
    })
  })
  t.assert.equal(outcome.total, 1n)
  t.assert.match(String(outcome.again), /^Exists/)
  t.assert.match(String(outcome.theft), /^NotOwner/)
})

test('ethers: a node and the proxy agree on every block, as two that it falls back between', async (t: TestContext) => {
  const [node, proxy] = targetsOf(stack)
  const { http } = ethersProviders(t, node)
  const contract = await deployedByEthers(ethersWallet(stack, 5, http), node)
  const number = await createdBlock(contract, 'ocelot')
  await proxy.has(number)
  const both = new FallbackProvider([http, ethersProviders(t, proxy).http], undefined, {
    quorum: 2,
  })
  const { address } = ethersWallet(stack, 5, http)
  const agreed = contract.connect(both) as Contract
  t.assert.equal(await both.getBalance(address, number), await http.getBalance(address, number))
  t.assert.equal((await both.getBlock(number))?.hash, (await http.getBlock(number))?.hash)
  t.assert.equal((await agreed.queryFilter('Created', number, number)).length, 1)
  t.assert.equal(await agreed.getFunction('total').staticCall({ blockTag: number }), 1n)
  await both.destroy()
})

test('ethers: an unknown method is an unsupported operation, as with Geth', async (t: TestContext) => {
  const [node, proxy] = targetsOf(stack)
  const failures = [node, proxy].map(async (target) => {
    return await ethersProviders(t, target)
      .http.send('eth_nope', [])
      .catch((error: unknown) => error)
  })
  const [direct, proxied] = await Promise.all(failures)
  t.assert.ok(isError(direct, nodesAre === 'anvil' ? 'UNKNOWN_ERROR' : 'UNSUPPORTED_OPERATION'))
  t.assert.ok(isError(proxied, 'UNSUPPORTED_OPERATION'))
})

// On Geths there would be but one node left, which a busy machine may keep from answering in time.
const three = { skip: nodesAre === 'geth' && 'needs three nodes' }
test(
  'ethers: a WebSocket and what it follows outlive each node in turn',
  three,
  async (t: TestContext) => {
    const [, proxy] = targetsOf(stack)
    const { http, feed } = ethersProviders(t, proxy)
    const wallet = ethersWallet(stack, 6, feed)
    const heads = await heardBlocks(feed)
    for (const { id } of stack.fleet.nodes) {
      await heads.until(({ length }) => length > 0)
      await stack.fleet.kill(id)
      try {
        const reads = Array.from({ length: 10 }, async () => {
          return await Promise.all([http.getBlockNumber(), feed.getBalance(wallet)])
        })
        await Promise.all(reads)
        const receipt = await (await wallet.sendTransaction({ to: wallet, value: 1n })).wait()
        const next = (receipt?.blockNumber ?? Number.POSITIVE_INFINITY) + 2
        await heads.until((numbers) => (numbers.at(-1) ?? 0) >= next)
      } finally {
        await stack.fleet.restart(id)
        await proxy.has(heads.values.at(-1) ?? 0)
      }
    }
    // At present the node that takes over may tell the last head once more.
    t.assert.ok(isRising([...new Set(heads.values)]), heads.values.join())
  },
)

/** The contract's error and its arguments. */
function revertOf(error: unknown): string {
  if (!isCallException(error) || error.revert === null) throw error
  return `${error.revert.name} ${error.revert.args.join()}`
}

function indexOf({ index }: EventLog): number {
  return index
}
