import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import { testAccounts } from '../fleets/accounts.ts'
import { AnvilFleet } from '../fleets/anvil.ts'
import { randomStream } from '../load/random.ts'
import { Reaper } from '../reaper.ts'
import { burnCode } from './burn.ts'
import { workloads } from './catalogue.ts'
import { type ChainFacts, surveyChain } from './chain.ts'
import { ask, askQuantity, RpcFailure } from './rpc.ts'
import { withSamples } from './samples.ts'
import { seedChain } from './seed.ts'
import { callOf, drawCalls, isMet } from './workload.ts'

const { signal } = new AbortController()
const bare: ChainFacts = {
  firstBlock: 1,
  lastBlock: 5,
  accounts: [`0x${'11'.repeat(20)}`],
  transactions: [],
  logBlocks: null,
}

let fleet: AnvilFleet | null = null
let reaper: Reaper | null = null
let seeded: ChainFacts | null = null

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-workloads-'))
  reaper = new Reaper(folder)
  fleet = await AnvilFleet.start({
    nodes: 2,
    blockTimeMs: 200,
    cpus: [],
    folder,
    reaper,
    onEvent: () => {},
  })
  const nodeUrls = fleet.nodes.map(({ url }) => url)
  const endpoint = nodeUrls[0] ?? ''
  const plain = await seedChain({ endpoint, nodeUrls, accounts: testAccounts, signal })
  seeded = await withSamples(plain, [...workloads.keys()], endpoint, signal)
})

after(async () => {
  await fleet?.close()
  await reaper?.close()
})

test('a real node answers every kind of call of every workload, on each node alike', async (t: TestContext) => {
  for (const workload of workloads.values()) {
    for (const row of workload.rows) {
      const { method, params: asked } = callOf(workload, row, facts(), randomStream(1, row.method))
      const answers = await Promise.all(urls().map((url) => ask(url, method, asked, signal)))
      t.assert.notEqual(answers[0], null, method)
      // Between two answers a block may have been sealed.
      if (method === 'eth_blockNumber' || method === 'eth_gasPrice') continue
      t.assert.deepEqual(answers[0], answers[1], method)
    }
  }
})

test('a seeded chain holds what every row of every workload asks for', (t: TestContext) => {
  for (const { name, rows } of workloads.values()) {
    for (const row of rows) t.assert.ok(isMet(row, facts()), `${name}: ${row.what}`)
  }
})

test('a seeded chain holds logs in blocks of their own, and mined transfers', async (t: TestContext) => {
  const { logBlocks, transactions, lastBlock } = facts()
  t.assert.ok(logBlocks !== null && logBlocks.last - logBlocks.first >= 3)
  t.assert.equal(transactions.length, 24)
  const range = { fromBlock: '0x0', toBlock: `0x${lastBlock.toString(16)}` }
  const logs = await ask(url(), 'eth_getLogs', [range], signal)
  t.assert.equal(Array.isArray(logs) ? logs.length : 0, 480)
})

test('work costs 80 gas a round and answers 32 bytes that depend on all of it', async (t: TestContext) => {
  const gas = (rounds: number) =>
    askQuantity(url(), 'eth_estimateGas', [{ data: burnCode(rounds) }], signal)
  const perRound = ((await gas(20_000)) - (await gas(10_000))) / 10_000
  t.assert.ok(Math.abs(perRound - 80) < 1, `${perRound} gas a round`)
  const burn = (rounds: number) => ask(url(), 'eth_call', [{ data: burnCode(rounds) }], signal)
  t.assert.match(String(await burn(7)), /^0x[0-9a-f]{64}$/)
  t.assert.equal(await burn(7), await burn(7))
  t.assert.notEqual(await burn(7), await burn(8))
})

test('a strange chain is surveyed through what any client may ask', async (t: TestContext) => {
  const found = await surveyChain(url(), [], signal)
  t.assert.ok(found.transactions.length >= 3)
  t.assert.ok(found.accounts.length > 0)
  t.assert.ok(found.firstBlock <= found.lastBlock)
  t.assert.notEqual(found.logBlocks, null)
})

test('what a node refuses is an error with its words', async (t: TestContext) => {
  await t.assert.rejects(ask(url(), 'eth_noSuchMethod', [], signal), RpcFailure)
})

test('each kind of call is as frequent as its weight says', (t: TestContext) => {
  for (const workload of workloads.values()) {
    const next = drawCalls(workload, bare, randomStream(1, workload.name))
    const draws = 50_000
    const seen = new Map<number, number>()
    for (let i = 0; i < draws; i += 1) {
      const { kind } = next()
      seen.set(kind, (seen.get(kind) ?? 0) + 1)
    }
    const total = workload.rows.reduce((sum, row) => sum + row.weight, 0)
    workload.classes.forEach((name, kind) => {
      const own = workload.rows.filter((row) => row.class === name)
      const share = own.reduce((sum, row) => sum + row.weight, 0) / total
      const deviation = Math.sqrt((share * (1 - share)) / draws)
      t.assert.ok(Math.abs((seen.get(kind) ?? 0) / draws - share) <= 5 * deviation, name)
    })
  }
})

test('calls that the chain cannot answer ask for a block, and the others stay as they were', (t: TestContext) => {
  const [workload] = workloads.values()
  if (workload === undefined) throw new Error('no workload')
  const poor = drawCalls(workload, bare, randomStream(1, 'calls'))
  const rich = drawCalls(
    workload,
    { ...bare, transactions: ['0x01'], logBlocks: { first: 1, last: 4 } },
    randomStream(1, 'calls'),
  )
  let replaced = 0
  for (let i = 0; i < 200; i += 1) {
    const [one, other] = [poor(), rich()]
    t.assert.equal(one.kind, other.kind)
    if (one.method === other.method) t.assert.deepEqual(one, other)
    else replaced += 1
  }
  t.assert.ok(replaced > 0)
})

function facts(): ChainFacts {
  if (seeded === null) throw new Error('the chain was not seeded')
  return seeded
}

function urls(): readonly string[] {
  return fleet?.nodes.map((node) => node.url) ?? []
}

function url(): string {
  return urls()[0] ?? ''
}
