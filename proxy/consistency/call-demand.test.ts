import { type TestContext, test } from 'node:test'
import { parseCalls } from '../rpc/call.ts'
import { methods } from '../rpc/methods.ts'
import { parseReply, type Reply } from '../rpc/reply.ts'
import type { Block } from '../upstream/block.ts'
import { blockNeed } from './block-need.ts'
import { CallDemand } from './call-demand.ts'
import { Consistency } from './consistency.ts'
import { Session } from './session.ts'
import { at, branch, root, TestHeads } from './test/test-heads.ts'

const old = branch(root, 3, 100)
const next = branch(root, 4, 200)

test('who went to another branch while it answered is not passed on', (t: TestContext) => {
  const fleet = onOld()
  for (const [method, params, result] of [
    ['eth_blockNumber', '[]', '"0xe"'],
    ['eth_getBalance', '["0xa","latest"]', '"0x1"'],
  ] as const) {
    const demand = demandOf(fleet, method, params)
    t.assert.equal(demand.among(fleet.nodes).length, 3)
    fleet.go(at(next, -1), 0)
    t.assert.equal(demand.isMiss(reply(`"result":${result}`), fleet.node(0)), true, method)
    t.assert.equal(demand.mayHandOn, false)
    fleet.go(at(old, -1), 0)
  }
})

test('a client whose last node went there stays with it', (t: TestContext) => {
  const fleet = onOld()
  const session = new Session()
  const first = demandOf(fleet, 'eth_getBalance', '["0xa","latest"]', session)
  const balance = reply('"result":"0x1"')
  first.among(fleet.nodes)
  t.assert.equal(first.isMiss(balance, fleet.node(0)), false)
  first.settle(balance, fleet.node(0))
  fleet.go(at(next, -1), 0)
  const second = demandOf(fleet, 'eth_getBalance', '["0xa","latest"]', session)
  t.assert.deepEqual(second.among(fleet.nodes), [fleet.node(0)])
  t.assert.equal(second.isMiss(balance, fleet.node(0)), false)
})

test('an old head is never the answer, what nobody has is', (t: TestContext) => {
  const fleet = onOld()
  const head = demandOf(fleet, 'eth_blockNumber', '[]')
  head.among(fleet.nodes)
  t.assert.equal(head.isMiss(reply('"result":"0xc"'), fleet.node(1)), true)
  t.assert.equal(head.mayHandOn, false)
  const transaction = demandOf(fleet, 'eth_getTransactionByHash', '["0xab"]')
  t.assert.equal(transaction.isMiss(reply('"result":null'), fleet.node(1)), true)
  t.assert.equal(transaction.mayHandOn, true)
})

test('an old head is asked for anew for as long as a call may wait, then it is an error', async (t: TestContext) => {
  const fleet = onOld()
  const demand = demandOf(fleet, 'eth_blockNumber', '[]')
  let rounds = 0
  do {
    rounds += 1
    demand.among(fleet.nodes)
    t.assert.equal(demand.isMiss(reply('"result":"0xc"'), fleet.node(1)), true)
    t.assert.equal(demand.mayHandOn, false)
    fleet.clock.ms += 100
  } while (await demand.catchUp())
  t.assert.ok(rounds > 10)
  t.assert.equal(demand.shortfall().code, 'NODES_BEHIND')
})

test('a block above the head is shown once it is known to be of the chain that is served', (t: TestContext) => {
  const fleet = onOld()
  const [higher, rival] = [at(branch(at(old, -1), 1, 300), 0), at(next, -1)]
  t.assert.equal(higher.number, rival.number)
  const latest = () => {
    const demand = demandOf(fleet, 'eth_getBlockByNumber', '["latest",false]')
    demand.among(fleet.nodes)
    return demand
  }
  // Its node has not told of it.
  const early = latest()
  t.assert.equal(early.isMiss(blockReply(rival), fleet.node(0)), true)
  t.assert.equal(early.mayHandOn, false)
  t.assert.equal(fleet.heads.tip, at(old, -1).number)
  // One node has told of each: of the other branch nothing is shown.
  for (const block of next) fleet.go(block, 0)
  fleet.go(higher, 1)
  t.assert.equal(fleet.heads.head, higher)
  t.assert.equal(latest().isMiss(blockReply(rival), fleet.node(2)), true)
  t.assert.equal(latest().isMiss(blockReply(higher), fleet.node(1)), false)
})

test('of a block above the head it counts on what it stands', (t: TestContext) => {
  const fleet = onOld(2)
  const [higher, rival] = [at(branch(at(old, -1), 1, 300), 0), at(next, -1)]
  fleet.go(higher, 0)
  for (const block of next) fleet.go(block, 1)
  t.assert.equal(fleet.heads.head, at(old, -1))
  t.assert.equal(fleet.heads.isForeign(higher.number, higher.hash), false)
  t.assert.equal(fleet.heads.isForeign(rival.number, rival.hash), true)
})

test('a client that nobody knows is not shown a lower head either while nodes turn', (t: TestContext) => {
  const fleet = onOld()
  fleet.gather(at(next, 0))
  const demand = demandOf(fleet, 'eth_blockNumber', '[]')
  t.assert.deepEqual(demand.among(fleet.nodes), [])
  fleet.clock.ms += 2_001
  t.assert.deepEqual(demand.among(fleet.nodes), fleet.nodes)
})

test('a block that was chosen for “latest” and then removed is chosen anew', async (t: TestContext) => {
  const fleet = onOld()
  const strict = new Consistency(fleet.heads, true)
  const pin = strict.pinFor(null)
  if (pin === null) throw new Error('no pin')
  const lost = demandOf(fleet, 'eth_getBalance', `["0xa","${pin.hash}"]`, null, pin)
  fleet.gather(at(next, -1))
  lost.settle(reply('"error":{"code":-32000,"message":"header not found"}'), fleet.node(0))
  t.assert.equal(lost.isPinLost, true)
  t.assert.equal(await strict.pinAfter(pin, null), at(next, -1))
  const kept = demandOf(fleet, 'eth_getBalance', `["0xa","${pin.hash}"]`, null, pin)
  kept.settle(reply('"result":"0x1"'), fleet.node(0))
  t.assert.equal(kept.isPinLost, false)
})

test('without a block that “latest” can stand for, one is waited for', async (t: TestContext) => {
  const fleet = onOld()
  const strict = new Consistency(fleet.heads, true)
  const { message, rule } = callOf('eth_getBalance', '["0xa","latest"]')
  const next = at(branch(at(old, -1), 1, 300), 0)
  // Only its height is known.
  fleet.heads.learn(fleet.node(0), next.number)
  t.assert.equal(strict.pinFor(null), null)
  t.assert.equal(strict.lacksPin(message, rule, null), true)
  const waiting = strict.nextPin(null)
  fleet.go(next, 0)
  t.assert.equal(await waiting, next)
})

test('a block that was removed is replaced as soon as the nodes tell which one came instead', async (t: TestContext) => {
  const fleet = onOld()
  const strict = new Consistency(fleet.heads, true)
  const choosing = strict.pinAfter(at(old, -1), null)
  fleet.gather(at(next, -1))
  t.assert.equal(await choosing, at(next, -1))
})

test('what is not in a block says nothing of the block', (t: TestContext) => {
  const fleet = onOld()
  const pin = at(old, -1)
  const params = `["${pin.hash}","0x0"]`
  const none = demandOf(fleet, 'eth_getTransactionByBlockHashAndIndex', params, null, pin)
  none.settle(reply('"result":null'), fleet.node(0))
  t.assert.equal(none.isPinLost, false)
})

test('while all stand on it, there is no other', async (t: TestContext) => {
  const { heads } = onOld()
  t.assert.equal(await new Consistency(heads, true).pinAfter(at(old, -1), null), at(old, -1))
})

function onOld(quorum = 1): TestHeads {
  const fleet = new TestHeads(3, quorum)
  fleet.gather(root)
  for (const block of old) fleet.gather(block)
  return fleet
}

function demandOf(
  { heads }: TestHeads,
  method: string,
  params: string,
  session: Session | null = null,
  pin: Block | null = null,
): CallDemand {
  const { message, rule } = callOf(method, params)
  return new CallDemand(heads, message, rule, blockNeed(message, rule), session, pin)
}

function callOf(method: string, params: string) {
  const rule = methods.get(method)
  const parsed = parseCalls(
    Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`),
  )
  if (parsed.kind !== 'single' || rule === undefined) throw new Error('no call')
  return { message: parsed.message, rule }
}

function blockReply({ number, hash, parentHash }: Block): Reply {
  const height = `0x${number.toString(16)}`
  return reply(`"result":${JSON.stringify({ hash, parentHash, number: height })}`)
}

function reply(said: string): Reply {
  const read = parseReply(Buffer.from(`{"jsonrpc":"2.0","id":1,${said}}`), 1)
  if (read === null) throw new Error('no reply')
  return read
}
