import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import { BlockLog } from './block-log.ts'
import { Offers, offersDefaults } from './offers.ts'
import { RawSends } from './raw-sends.ts'
import { accepted, sendMethod, signed, stubFleet, wallet } from './test/stub-fleet.ts'

const block = { number: 17, hash: '0xb', parentHash: '0xa' }
const takenAway = { kind: 'reorg', ancestor: null, removed: [block], added: [] } as const

test('what a developer takes back from a node alone is gone, and not offered again', async (t: TestContext) => {
  const { journal, offers, blocks, nodes, clock } = await developing(t, 1)
  const entry = await accepted(0)
  await journal.accept(entry)
  journal.mined(block, [entry])
  blocks.take(takenAway)
  t.assert.equal(journal.find(entry.hash)?.state, 'dropped')
  t.assert.equal(journal.find(entry.hash)?.reason, 'the chain was taken back')
  await journal.accept(await accepted(1))
  await due(offers, clock)
  t.assert.deepEqual(nodes[0]?.methods, [])
})

test('the same transaction may be sent anew to a development node alone', async (t: TestContext) => {
  const { journal, sends } = await developing(t, 1)
  const { transaction, raw } = await signed(wallet, 0)
  for (let i = 0; i < 2; i += 1) {
    t.assert.equal((await sends.send(transaction, raw)).kind, 'result')
    const entry = journal.find(transaction.hash)
    t.assert.equal(entry?.state, 'pending')
    if (entry !== null) journal.mined({ number: 17 + i, hash: `0xb${i}` }, [entry])
  }
})

test('of many development nodes no one takes the chain back: what was orphaned is offered again', async (t: TestContext) => {
  const { journal, offers, blocks, nodes, clock } = await developing(t, 2)
  const entry = await accepted(0)
  await journal.accept(entry)
  journal.mined(block, [entry])
  blocks.take(takenAway)
  t.assert.equal(journal.find(entry.hash)?.state, 'pending')
  await due(offers, clock)
  for (const { methods } of nodes) t.assert.ok(methods.includes(sendMethod))
})

async function developing(t: TestContext, count: number) {
  const { fleet, nodes, upstreams, journal } = await stubFleet(t, count)
  for (const upstream of upstreams) upstream.family = 'anvil'
  const startMs = systemClock.nowMs()
  const clock = { ms: 0 }
  const options = { timeoutMs: 1e9, nowMs: () => startMs + clock.ms, wallMs: () => clock.ms }
  const offers = new Offers(fleet, journal, { ...offersDefaults, ...options })
  const blocks = new BlockLog(fleet, journal, options)
  t.after(() => blocks.close())
  return {
    fleet,
    nodes,
    journal,
    offers,
    blocks,
    clock,
    sends: new RawSends(fleet, journal, options),
  }
}

async function due(offers: Offers, clock: { ms: number }): Promise<void> {
  await offers.tick()
  clock.ms += offersDefaults.firstAfterMs
  await offers.tick()
}
