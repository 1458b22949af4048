import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import type { StubAnswer } from '../test/stub-node.ts'
import { Offers, offersDefaults } from './offers.ts'
import { accepted, bytesOf, sendMethod, stubFleet } from './test/stub-fleet.ts'

const tooLow: StubAnswer = {
  error: { code: -32000, message: 'nonce too low: next nonce 5, tx nonce 0' },
}
const known: StubAnswer = { error: { code: -32000, message: 'already known' } }
const { firstAfterMs } = offersDefaults

test('what is pending is offered to all nodes, later and later, until a block holds it', async (t: TestContext) => {
  const { offers, nodes, journal, clock } = await offering(t, 2)
  await offers.tick()
  const entry = await accepted(0)
  await journal.accept(entry)
  await offers.tick()
  t.assert.equal(callsTo(nodes), 0)
  clock.ms += firstAfterMs
  await offers.tick()
  t.assert.equal(callsTo(nodes), 2)
  t.assert.deepEqual(bytesOf(nodes[1]?.calls[0]?.params), entry.raw)
  clock.ms += firstAfterMs
  await offers.tick()
  t.assert.equal(callsTo(nodes), 2)
  clock.ms += firstAfterMs
  await offers.tick()
  t.assert.equal(callsTo(nodes), 4)
  t.assert.equal(journal.find(entry.hash)?.offers, 2)
  journal.mined({ number: 17, hash: '0xb' }, [entry])
  clock.ms += 1e9
  await offers.tick()
  t.assert.equal(callsTo(nodes), 4)
})

test('a node that comes back is given all that is pending, and only that node', async (t: TestContext) => {
  const { offers, nodes, journal, upstreams, fleet } = await offering(t, 2)
  const [first, second] = upstreams
  if (first === undefined || second === undefined) throw new Error('no nodes')
  await offers.tick()
  for (const nonce of [0, 1, 2]) await journal.accept(await accepted(nonce))
  second.health = 'down'
  fleet.refresh()
  await offers.tick()
  second.health = 'up'
  fleet.refresh()
  await offers.tick()
  t.assert.equal(nodes[0]?.calls.length, 0)
  t.assert.equal(nodes[1]?.calls.length, 3)
})

test('a spent nonce means mined where a node has the transaction in a block', async (t: TestContext) => {
  const { offers, nodes, journal, clock } = await offering(t, 2)
  const entry = await accepted(0)
  await journal.accept(entry)
  for (const node of nodes) node.on(sendMethod, () => tooLow)
  const at = { hash: entry.hash, blockNumber: '0x11', blockHash: `0x${'B'.repeat(64)}` }
  nodes[1]?.on('eth_getTransactionByHash', () => ({ result: at }))
  await due(offers, clock)
  t.assert.equal(journal.find(entry.hash)?.state, 'mined')
  t.assert.deepEqual(journal.find(entry.hash)?.block, { number: 17, hash: `0x${'b'.repeat(64)}` })
})

test('a nonce that is spent on all nodes by another transaction ends it', async (t: TestContext) => {
  const { offers, nodes, journal, clock } = await offering(t, 2)
  const entry = await accepted(0)
  await journal.accept(entry)
  nodes[0]?.on(sendMethod, () => tooLow)
  nodes[1]?.on(sendMethod, () => known)
  await due(offers, clock)
  t.assert.equal(journal.find(entry.hash)?.state, 'pending')
  nodes[1]?.on(sendMethod, () => tooLow)
  clock.ms += 10 * firstAfterMs
  await offers.tick()
  t.assert.equal(journal.find(entry.hash)?.state, 'dropped')
})

test('what all refuse for good is dropped in the node’s words, what they refuse for now is not', async (t: TestContext) => {
  const { offers, nodes, journal, clock } = await offering(t, 2)
  const [broke, broken] = [await accepted(0), await accepted(1)]
  await journal.accept(broke)
  await journal.accept(broken)
  for (const node of nodes) {
    node.on(sendMethod, ({ params }) => {
      const message = bytesOf(params).equals(broke.raw) ? 'insufficient funds' : 'invalid sender'
      return { error: { code: -32000, message } }
    })
  }
  await due(offers, clock)
  t.assert.equal(journal.find(broke.hash)?.state, 'pending')
  t.assert.equal(journal.find(broken.hash)?.state, 'dropped')
  t.assert.equal(journal.find(broken.hash)?.reason, 'invalid sender')
  clock.wallMs += offersDefaults.giveUpAfterMs + 1
  clock.ms += 1e6
  await offers.tick()
  t.assert.equal(journal.find(broke.hash)?.reason, 'insufficient funds')
})

test('what an earlier run of the proxy left pending is offered at once', async (t: TestContext) => {
  const { offers, nodes, journal } = await offering(t, 2)
  await journal.accept(await accepted(0))
  await offers.tick()
  t.assert.equal(callsTo(nodes), 2)
})

test('silence decides nothing', async (t: TestContext) => {
  const { offers, nodes, journal, clock } = await offering(t, 2)
  const entry = await accepted(0)
  await journal.accept(entry)
  for (const node of nodes) node.on(sendMethod, () => 'drop')
  await due(offers, clock)
  t.assert.equal(journal.find(entry.hash)?.state, 'pending')
})

async function offering(t: TestContext, count: number) {
  const { fleet, nodes, upstreams, journal } = await stubFleet(t, count)
  // Whole, so that sums of it are the same in any order.
  const startMs = Math.floor(systemClock.nowMs())
  const clock = { ms: 0, wallMs: 0 }
  const offers = new Offers(fleet, journal, {
    ...offersDefaults,
    // Deadlines are on the machine's clock, whose time passes too.
    nowMs: () => startMs + clock.ms,
    wallMs: () => clock.wallMs,
    timeoutMs: 1e9,
  })
  return { offers, nodes, journal, clock, upstreams, fleet }
}

async function due(offers: Offers, clock: { ms: number }): Promise<void> {
  await offers.tick()
  clock.ms += firstAfterMs
  await offers.tick()
}

function callsTo(nodes: readonly { readonly methods: readonly string[] }[]): number {
  return nodes.reduce((sum, { methods }) => sum + methods.length, 0)
}
