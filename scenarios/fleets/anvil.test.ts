import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Wallet } from 'ethers'
import { Reaper } from '../reaper.ts'
import { testAccounts } from './accounts.ts'
import { AnvilFleet } from './anvil.ts'
import { hex } from './block.ts'
import { blockAt } from './block-maker.ts'
import type { FleetEvent } from './fleet.ts'
import { field, NodeRpc } from './node-rpc.ts'

/** For what is waited for and does not come. */
const limits = { timeout: 60_000 }

test(
  'transactions sent to all nodes at once are mined once each, in equal blocks',
  limits,
  async (t) => {
    const under = await startFleet(t, { nodes: 3, blockTimeMs: 150 })
    const rounds = 8
    const hashes = await Promise.all(
      testAccounts.map(async ({ privateKey }, account) => {
        const wallet = new Wallet(privateKey)
        const sent: string[] = []
        for (let nonce = 0; nonce < rounds; nonce += 1) {
          // Each next one to another node, before the last has reached that.
          const rpc = under.rpcs[(account + nonce) % under.rpcs.length]
          const raw = await transfer(wallet, nonce)
          sent.push(String(await rpc?.call('eth_sendRawTransaction', raw)))
        }
        return sent
      }),
    )
    await until(() => areMined(under, hashes.flat()))
    const blocks = await sameChain(t, under)
    const mined = blocks.flatMap(({ transactions }) => transactions)
    t.assert.deepEqual(mined.toSorted(), hashes.flat().toSorted())
  },
)

test('what a node signs for its own account reaches the other pools', limits, async (t) => {
  const { rpcs } = await startFleet(t, { nodes: 2, blockTimeMs: 60_000 })
  const from = testAccounts[0]?.address
  const hash = await rpcs[1]?.call('eth_sendTransaction', { from, to: from })
  await until(async () => (await rpcs[0]?.call('eth_getTransactionByHash', hash)) !== null)
})

test('a transaction whose nonce is still too high reaches the other pools', limits, async (t) => {
  const { rpcs } = await startFleet(t, { nodes: 2, blockTimeMs: 100 })
  const from = testAccounts[0]?.address
  const hash = await rpcs[1]?.call('eth_sendTransaction', { from, to: from, nonce: '0x3' })
  await until(async () => (await rpcs[0]?.call('eth_getTransactionByHash', hash)) !== null)
})

test('another node takes over when the sealing one is killed', limits, async (t) => {
  const under = await startFleet(t, { nodes: 2, blockTimeMs: 100 })
  await under.fleet.kill('anvil-1')
  const head = under.fleet.head
  await until(async () => (await blockAt(under.last, 'latest')).number > head + 2)
  t.assert.deepEqual(
    under.events.map(({ kind, id, asked }) => [kind, id, asked]),
    [['node-died', 'anvil-1', true]],
  )
})

test(
  'a node that is killed from outside is noticed, and replayed when it is restarted',
  limits,
  async (t) => {
    const under = await startFleet(t, { nodes: 3, blockTimeMs: 100 })
    const [node] = under.fleet.nodes
    const wallet = new Wallet(testAccounts[0]?.privateKey ?? '')
    const before = String(
      await under.last.call('eth_sendRawTransaction', await transfer(wallet, 0)),
    )
    await until(() => areMined(under, [before]))
    const pid = Number(await readFile(node?.pidFile ?? '', 'utf8'))
    process.kill(pid, 'SIGKILL')
    await until(() => Promise.resolve(under.events.length > 0))
    t.assert.partialDeepStrictEqual(under.events, [{ kind: 'node-died', asked: false }])
    const raw = await transfer(wallet, 1)
    const missed = String(await under.last.call('eth_sendRawTransaction', raw))
    await under.fleet.restart('anvil-1')
    await until(() => areMined(under, [before, missed]))
    await sameChain(t, under)
    // It takes part: what it is given is mined.
    const own = await under.rpcs[0]?.call('eth_sendRawTransaction', await transfer(wallet, 2))
    await until(() => areMined(under, [String(own)]))
  },
)

test('a node whose state differs stops the chain, and both hashes are told', limits, async (t) => {
  const under = await startFleet(t, { nodes: 2, blockTimeMs: 100 })
  await under.last.call('anvil_setBalance', testAccounts[9]?.address, '0x1')
  await until(() => Promise.resolve(under.events.some(({ kind }) => kind === 'diverged')))
  const { text = '' } = under.events.find(({ kind }) => kind === 'diverged') ?? {}
  t.assert.equal(new Set(text.match(/0x[0-9a-f]{64}/g)).size, 2)
  const head = under.fleet.head
  await pause(300)
  t.assert.equal(under.fleet.head, head)
})

test('a block made by hand on one node is taken back', limits, async (t) => {
  const under = await startFleet(t, { nodes: 2, blockTimeMs: 300 })
  await under.last.call('evm_mine')
  await until(() => Promise.resolve(under.fleet.head > 3))
  await sameChain(t, under)
})

type FleetUnderTest = {
  readonly fleet: AnvilFleet
  readonly rpcs: readonly NodeRpc[]
  readonly last: NodeRpc
  readonly events: readonly FleetEvent[]
}

/** A fleet that ends with the test. `events` leaves out what is no news in a test. */
async function startFleet(
  t: TestContext,
  size: { readonly nodes: number; readonly blockTimeMs: number },
): Promise<FleetUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-test-'))
  const reaper = new Reaper(folder)
  const events: FleetEvent[] = []
  const onEvent = (event: FleetEvent) => {
    if (event.kind !== 'node-corrected' && event.kind !== 'node-late') events.push(event)
  }
  const fleet = await AnvilFleet.start({ ...size, cpus: [], folder, reaper, onEvent })
  const rpcs = fleet.nodes.map(({ url }) => new NodeRpc(url, 5_000))
  t.after(async () => {
    await Promise.all(rpcs.map((rpc) => rpc.close()))
    await fleet.close()
    await reaper.close()
  })
  const last = rpcs.at(-1)
  if (last === undefined) throw new RangeError('a fleet of no nodes')
  return { fleet, rpcs, last, events }
}

function transfer(wallet: Wallet, nonce: number): Promise<string> {
  return wallet.signTransaction({
    type: 2,
    chainId: 31_337n,
    nonce,
    to: wallet.address,
    gasLimit: 21_000n,
    maxFeePerGas: 3_000_000_000n,
    maxPriorityFeePerGas: 1n,
  })
}

async function areMined({ rpcs }: FleetUnderTest, hashes: readonly string[]): Promise<boolean> {
  const calls = hashes.map((hash) => ['eth_getTransactionReceipt', hash] as const)
  const receipts = await Promise.all(rpcs.map((rpc) => rpc.batch(calls)))
  return receipts.flat().every((receipt) => receipt !== null)
}

/** Checks that all nodes have the same blocks up to the present head. @returns them */
async function sameChain(t: TestContext, { fleet, rpcs }: FleetUnderTest) {
  const head = fleet.head
  // A node may still be about to make it, or to replace what it made of it.
  await until(async () => {
    const calls = rpcs.map((rpc) => rpc.call('eth_getBlockByNumber', hex(head), false))
    return new Set((await Promise.all(calls)).map((block) => field(block, 'hash'))).size === 1
  })
  const numbers = Array.from({ length: head + 1 }, (_, number) => hex(number))
  const chains = await Promise.all(
    rpcs.map((rpc) => Promise.all(numbers.map((number) => blockAt(rpc, number)))),
  )
  const [first = []] = chains
  for (const chain of chains) t.assert.deepEqual(chain, first)
  return first
}

/** Resolves when the condition holds; the test's time limit is the other way out. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await pause(10)
}
