import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import { BlockLog } from './block-log.ts'
import { accepted, stubFleet } from './test/stub-fleet.ts'

test('a block is logged with what a node that has it says of it', async (t: TestContext) => {
  const { log, nodes, upstreams } = await logging(t)
  const [behind] = upstreams
  if (behind !== undefined) behind.head = 15
  nodes[1]?.on('eth_getBlockByHash', () => ({ result: header([]) }))
  log.take({ kind: 'advance', added: [block(16)] })
  await log.read()
  t.assert.deepEqual(log.blocks, [
    {
      number: 16,
      hash: block(16).hash,
      timeMs: 5_000,
      transactions: 0,
      gasUsed: 21_000,
      gasLimit: 30_000_000,
      seenMs: 7,
      seenOn: 'node-1',
      isOrphaned: false,
    },
  ])
  t.assert.equal(nodes[0]?.calls.length, 0)
})

test('the journal learns what is mined; transactions are read only while some are pending', async (t: TestContext) => {
  const { log, nodes, journal } = await logging(t)
  const entry = await accepted(0)
  nodes[0]?.on('eth_getBlockByHash', ({ params }) => {
    const isFull = Array.isArray(params) && params[1] === true
    const whole = { hash: entry.hash, from: entry.sender, nonce: '0x0' }
    return { result: header([isFull ? whole : entry.hash]) }
  })
  log.take({ kind: 'advance', added: [block(16)] })
  await log.read()
  t.assert.deepEqual(nodes[0]?.calls[0]?.params, [block(16).hash, false])
  await journal.accept(entry)
  log.take({ kind: 'advance', added: [block(17)] })
  await log.read()
  t.assert.deepEqual(nodes[0]?.calls[1]?.params, [block(17).hash, true])
  t.assert.equal(journal.find(entry.hash)?.state, 'mined')
  t.assert.equal(journal.find(entry.hash)?.block?.number, 17)
})

test('a reorganisation marks the blocks and opens what they held', async (t: TestContext) => {
  const { log, nodes, journal } = await logging(t)
  const entry = await accepted(0)
  await journal.accept(entry)
  nodes[0]?.on('eth_getBlockByHash', ({ params }) => {
    const holds = Array.isArray(params) && params[0] === block(17).hash
    const whole = { hash: entry.hash, from: entry.sender, nonce: '0x0' }
    return { result: header(holds ? [whole] : []) }
  })
  log.take({ kind: 'advance', added: [block(16), block(17)] })
  await log.read()
  t.assert.equal(journal.find(entry.hash)?.state, 'mined')
  log.take({ kind: 'reorg', ancestor: block(16), removed: [block(17)], added: [block(17, 'c')] })
  await log.read()
  t.assert.equal(journal.find(entry.hash)?.state, 'pending')
  t.assert.deepEqual(
    log.blocks.map(({ number, isOrphaned }) => [number, isOrphaned]),
    [
      [16, false],
      [17, true],
      [17, false],
    ],
  )
  t.assert.equal(log.reorganisations, 1)
})

test('a block that left the chain while it was read is not told of', async (t: TestContext) => {
  const { log, nodes, journal } = await logging(t)
  const entry = await accepted(0)
  await journal.accept(entry)
  nodes[0]?.on('eth_getBlockByHash', ({ params }) => {
    if (Array.isArray(params) && params[0] === block(17, 'c').hash) return { result: header([]) }
    log.take({ kind: 'reorg', ancestor: block(16), removed: [block(17)], added: [block(17, 'c')] })
    return { result: header([{ hash: entry.hash, from: entry.sender, nonce: '0x0' }]) }
  })
  log.take({ kind: 'advance', added: [block(17)] })
  await log.read()
  t.assert.equal(journal.find(entry.hash)?.state, 'pending')
  t.assert.deepEqual(
    log.blocks.map(({ hash }) => hash),
    [block(17, 'c').hash],
  )
})

test('a block that no node tells of is logged by number and hash', async (t: TestContext) => {
  const { log } = await logging(t)
  log.take({ kind: 'advance', added: [block(16)] })
  await log.read()
  t.assert.equal(log.blocks[0]?.transactions, null)
  t.assert.equal(log.blocks[0]?.number, 16)
})

async function logging(t: TestContext) {
  const { fleet, nodes, upstreams, journal } = await stubFleet(t, 2)
  for (const upstream of upstreams) upstream.head = 17
  const log = new BlockLog(fleet, journal, {
    timeoutMs: 20_000,
    nowMs: () => systemClock.nowMs(),
    wallMs: () => 7,
  })
  t.after(() => log.close())
  return { log, nodes, upstreams, journal }
}

function block(number: number, branch = 'b') {
  const hash = `0x${branch.repeat(60)}${String(number).padStart(4, '0')}`
  return { number, hash, parentHash: `0x${'a'.repeat(64)}` }
}

function header(transactions: readonly unknown[]) {
  return { timestamp: '0x5', gasUsed: '0x5208', gasLimit: '0x1c9c380', transactions }
}
