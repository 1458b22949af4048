import { type TestContext, test } from 'node:test'
import { parseCalls } from '../rpc/call.ts'
import { methods } from '../rpc/methods.ts'
import { parseReply, type Reply } from '../rpc/reply.ts'
import { canonicalRequest } from '../rpc/request.ts'
import type { Block } from '../upstream/block.ts'
import { Consistency } from './consistency.ts'
import { at, branch, root, TestHeads } from './test/test-heads.ts'

const chain = branch(root, 3, 100)
const head = at(chain, -1)
const balance = callOf('eth_getBalance', '["0xa","latest"]')
const height = callOf('eth_blockNumber', '[]')
const nobody = { session: null, node: null, pool: null }

test('state is asked for at the head that all are shown, by its hash', (t: TestContext) => {
  const { heads } = onChain()
  const consistency = new Consistency(heads, false)
  const pin = consistency.pinFor(null)
  t.assert.equal(paramsOf(consistency, balance, pin), `["0xa",{"blockHash":"${head.hash}"}]`)
  // What says itself which block it is of is left to the node.
  for (const [method, params] of [
    ['eth_blockNumber', '[]'],
    ['eth_getBlockByNumber', '["latest",false]'],
    ['eth_getLogs', '[{}]'],
    ['eth_getBalance', '["0xa","pending"]'],
  ] as const) {
    t.assert.equal(paramsOf(consistency, callOf(method, params), pin), params, method)
  }
})

test('while only the height of the head is known, reads of state wait for its block', async (t: TestContext) => {
  const fleet = onChain()
  const consistency = new Consistency(fleet.heads, false)
  t.assert.equal(consistency.lacksPin(balance.message, balance.rule, head), false)
  fleet.heads.learn(fleet.node(0), head.number + 1)
  t.assert.equal(consistency.pinFor(null), null)
  t.assert.equal(consistency.lacksPin(balance.message, balance.rule, null), true)
  // What says itself which block it is of need not wait.
  t.assert.equal(consistency.lacksPin(height.message, height.rule, null), false)
  const waiting = consistency.nextPin(null)
  const next = at(branch(head, 1, 300), 0)
  fleet.go(next, 0)
  t.assert.equal(await waiting, next)
})

test('development nodes and a node alone say themselves', (t: TestContext) => {
  const { heads, nodes } = onChain()
  const consistency = new Consistency(heads, false)
  for (const family of ['anvil', 'hardhat'] as const) {
    for (const node of nodes) node.family = family
    t.assert.equal(consistency.pinFor(null), null)
  }
  for (const node of nodes) node.family = 'reth'
  t.assert.equal(consistency.pinFor(null), head)
  t.assert.equal(new Consistency(onChain(1).heads, false).pinFor(null), null)
})

test('beside a read that hides its head, state in a batch is left to the node as well', (t: TestContext) => {
  const { heads } = onChain()
  const all = (...calls: readonly Call[]): Block | null => {
    const messages = calls.map(({ message }) => message)
    const rules = calls.map(({ rule }) => rule)
    return new Consistency(heads, false).pinForAll(messages, rules, null)
  }
  t.assert.equal(all(balance, balance), head)
  t.assert.equal(all(balance, height, callOf('eth_getLogs', '[{}]')), head)
  t.assert.equal(all(balance, callOf('eth_gasPrice', '[]')), head)
  t.assert.equal(all(balance, callOf('eth_getBlockReceipts', '["0x1"]')), head)
  t.assert.equal(all(balance, callOf('eth_getBlockReceipts', '["latest"]')), null)
  t.assert.equal(all(balance, callOf('eth_feeHistory', '["0x1","latest",[]]')), null)
})

test('a batch that tells of a later head than its state is of is asked anew', async (t: TestContext) => {
  const fleet = onChain()
  const consistency = new Consistency(fleet.heads, false)
  const calls = [height, balance]
  const rules = calls.map(({ rule }) => rule)
  const asked = calls.map(({ message, rule }) => consistency.asked(message, rule, head))
  const demand = consistency.ofBatch(asked, rules, nobody, head)
  const says = (number: number): boolean => {
    const read = [reply(`"0x${number.toString(16)}"`), reply('"0x1"')]
    t.assert.equal(demand?.isMiss(read, fleet.node(0)), false)
    demand?.settle(read, fleet.node(0))
    return demand?.isPinLost === true
  }
  t.assert.equal(says(head.number), false)
  t.assert.equal(says(head.number + 1), true)
  // It has not told of its head yet.
  t.assert.equal(consistency.pinFor(null), null)
  const later = at(branch(head, 1, 300), 0)
  const choosing = consistency.pinAfter(head, null)
  fleet.go(later, 0)
  t.assert.equal(await choosing, later)
})

test('the last of the logs tells of the head too', (t: TestContext) => {
  const fleet = onChain()
  const { heads } = fleet
  const consistency = new Consistency(heads, false)
  const { message, rule } = callOf('eth_getLogs', '[{}]')
  const demand = consistency.ofCall(message, rule, nobody, null)
  const log = (number: number): string => `{"blockNumber":"0x${number.toString(16)}","data":"0x"}`
  demand?.settle(reply(`[${log(1)},${log(head.number + 1)}]`), fleet.node(0))
  t.assert.equal(heads.tip, head.number + 1)
  demand?.settle(reply('[]'), fleet.node(0))
  t.assert.equal(heads.tip, head.number + 1)
})

test('a node that knows the head and not its state does not keep a call from the others', async (t: TestContext) => {
  const { heads } = onChain()
  // Nobody has it, and nobody has another: then each node may say.
  const choosing = new Consistency(heads, false).pinAfter(head, null)
  heads.close()
  t.assert.equal(await choosing, null)
})

type Call = ReturnType<typeof callOf>

function paramsOf(consistency: Consistency, { message, rule }: Call, pin: Block | null): string {
  const bytes = canonicalRequest(consistency.asked(message, rule, pin), 1)
  return JSON.stringify(JSON.parse(bytes.toString()).params)
}

function onChain(count = 3): TestHeads {
  const fleet = new TestHeads(count)
  fleet.gather(root)
  for (const block of chain) fleet.gather(block)
  return fleet
}

function callOf(method: string, params: string) {
  const rule = methods.get(method)
  const text = `{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`
  const parsed = parseCalls(Buffer.from(text))
  if (parsed.kind !== 'single' || rule === undefined) throw new Error(`no call: ${method}`)
  return { message: parsed.message, rule }
}

function reply(result: string): Reply {
  const read = parseReply(Buffer.from(`{"jsonrpc":"2.0","id":1,"result":${result}}`), 1)
  if (read === null) throw new Error('no reply')
  return read
}
