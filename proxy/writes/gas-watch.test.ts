import { type TestContext, test } from 'node:test'
import { parseCalls } from '../rpc/call.ts'
import type { Reply } from '../rpc/reply.ts'
import { ContractStats } from '../stats/contract-stats.ts'
import { GasWatch } from './gas-watch.ts'
import { accepted, stubFleet } from './test/stub-fleet.ts'

const callee = `0x${'ab'.repeat(20)}a9059cbb`
const receiptMethod = 'eth_getTransactionReceipt'

test('a receipt that passes tells the gas, once', async (t: TestContext) => {
  const { watch, row, entry } = await watching(t)
  watch.sent(entry.hash, callee)
  watch.saw(question(entry.hash), answer(null))
  t.assert.equal(row().gasKnown, 0)
  watch.saw(question(entry.hash.toUpperCase().replace('0X', '0x')), answer(receipt()))
  watch.saw(question(entry.hash), answer(receipt()))
  t.assert.deepEqual([row().gasUsed, row().gasKnown, row().reverted], [51_234, 1, 0])
  t.assert.equal(watch.waiting, 0)
})

test('a receipt of failure counts as reverted', async (t: TestContext) => {
  const { watch, row, entry } = await watching(t)
  watch.sent(entry.hash, callee)
  watch.saw(question(entry.hash), answer({ ...receipt(), status: '0x0' }))
  t.assert.deepEqual([row().gasUsed, row().reverted], [51_234, 1])
})

test('what a log in a receipt calls gas is not its gas', async (t: TestContext) => {
  const { watch, row, entry } = await watching(t)
  watch.sent(entry.hash, callee)
  const logs = [{ data: '"gasUsed":"0x1"', gasUsed: '0x1', status: '0x0' }]
  watch.saw(question(entry.hash), answer({ ...receipt(), logs }))
  t.assert.deepEqual([row().gasUsed, row().reverted], [51_234, 0])
})

test('only the opening of a receipt is here: its gas is still waited for', async (t: TestContext) => {
  const { watch, row, entry } = await watching(t)
  watch.sent(entry.hash, callee)
  const whole = answer({ ...receipt(), logs: [{ data: '0x00' }] })
  watch.saw(question(entry.hash), { ...whole, end: whole.end - 10 })
  t.assert.deepEqual([row().gasKnown, watch.waiting], [0, 1])
})

test('a receipt that no client asks for is asked for, once a block holds the transaction', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { watch, row, entry, nodes, journal, clock, looked } = await watching(t)
  nodes[0]?.on(receiptMethod, () => ({ result: null }))
  nodes[1]?.on(receiptMethod, () => ({ result: receipt() }))
  await journal.accept(entry)
  watch.sent(entry.hash, callee)
  clock.ms += 2_000
  t.mock.timers.tick(2_000)
  await looked()
  t.assert.equal(nodes.flatMap(({ calls }) => calls).length, 0, 'it is pending')
  journal.mined({ number: 17, hash: `0x${'17'.repeat(32)}` }, [entry])
  t.mock.timers.tick(2_000)
  await looked()
  t.assert.deepEqual([row().gasUsed, watch.waiting], [51_234, 0])
})

test('what will never be mined is not waited for', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { watch, entry, nodes, journal, clock, looked } = await watching(t)
  await journal.accept(entry)
  watch.sent(entry.hash, callee)
  const held = journal.find(entry.hash)
  if (held !== null) journal.drop(held, 'invalid sender')
  clock.ms += 2_000
  t.mock.timers.tick(2_000)
  await looked()
  t.assert.equal(watch.waiting, 0)
  t.assert.equal(nodes.flatMap(({ calls }) => calls).length, 0)
})

async function watching(t: TestContext) {
  const { fleet, journal, nodes } = await stubFleet(t, 2)
  const contracts = new ContractStats()
  contracts.record(callee, true, false, 1, 1)
  const [row] = contracts.functions()
  const clock = { ms: 0 }
  const watch = new GasWatch(fleet, journal, { nowMs: () => clock.ms, contracts })
  t.after(() => watch.close())
  return {
    watch,
    nodes,
    journal,
    clock,
    row: () => row ?? contracts.other,
    entry: await accepted(0),
    looked: () => watch.looked(),
  }
}

function question(hash: string) {
  const body = { jsonrpc: '2.0', id: 1, method: receiptMethod, params: [hash] }
  const parsed = parseCalls(Buffer.from(JSON.stringify(body)))
  if (parsed.kind !== 'single') throw new Error('no call')
  return parsed.message
}

function answer(result: unknown): Reply {
  const body = Buffer.from(JSON.stringify(result))
  return { kind: 'result', body, start: 0, end: body.length }
}

function receipt() {
  return {
    cumulativeGasUsed: '0xfffff',
    gasUsed: `0x${(51_234).toString(16)}`,
    logs: [],
    status: '0x1',
  }
}
