import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import type { Message } from '../rpc/call.ts'
import { parseCalls } from '../rpc/call.ts'
import type { Reply } from '../rpc/reply.ts'
import type { StubAnswer } from '../test/stub-node.ts'
import { recalled } from './recall.ts'
import { accepted, sendMethod, stubFleet } from './test/stub-fleet.ts'

const lookup = 'eth_getTransactionByHash'
const missing: Reply = { kind: 'result', body: Buffer.from('null'), start: 0, end: 4 }

test('what was accepted and is on no node is given to all of them again, and found', async (t: TestContext) => {
  const { fleet, nodes, journal } = await stubFleet(t, 3)
  const sent = await accepted(0)
  await journal.accept(sent)
  for (const node of nodes) {
    let has = false
    node.on(sendMethod, () => {
      has = true
      return { result: sent.hash }
    })
    node.on(lookup, () => ({ result: has ? { hash: sent.hash } : null }))
  }
  t.assert.deepEqual(await recall(), { hash: sent.hash })
  t.assert.ok(nodes.every(({ methods }) => methods.includes(sendMethod)))

  async function recall(): Promise<unknown> {
    const entry = journal.find(sent.hash)
    if (entry === null) throw new Error('no entry')
    const deadlineMs = systemClock.nowMs() + 20_000
    return resultOf(await recalled(fleet, entry, asking(sent.hash), missing, deadlineMs))
  }
})

test('what is in a block is asked of those who have the block, and given to nobody', async (t: TestContext) => {
  const { fleet, nodes, upstreams, journal } = await stubFleet(t, 2)
  const sent = await accepted(0)
  await journal.accept(sent)
  journal.mined({ number: 17, hash: '0xb' }, [sent])
  const [, second] = upstreams
  if (second !== undefined) second.head = 17
  const said: StubAnswer = { result: { hash: sent.hash } }
  nodes[1]?.on(lookup, () => said)
  const entry = journal.find(sent.hash)
  if (entry === null) throw new Error('no entry')
  const deadlineMs = systemClock.nowMs() + 20_000
  const reply = await recalled(fleet, entry, asking(sent.hash), missing, deadlineMs)
  t.assert.deepEqual(resultOf(reply), said.result)
  t.assert.deepEqual(nodes[0]?.methods, [])
  t.assert.deepEqual(nodes[1]?.methods, [lookup])
})

test('where no node has it, it is missing', async (t: TestContext) => {
  const { fleet, nodes, journal } = await stubFleet(t, 2)
  const sent = await accepted(0)
  await journal.accept(sent)
  for (const node of nodes) {
    node.on(sendMethod, () => ({ error: { code: -32000, message: 'insufficient funds' } }))
  }
  const entry = journal.find(sent.hash)
  if (entry === null) throw new Error('no entry')
  const deadlineMs = systemClock.nowMs() + 20_000
  t.assert.equal(await recalled(fleet, entry, asking(sent.hash), missing, deadlineMs), missing)
})

function asking(hash: string): Message {
  const body = Buffer.from(`{"jsonrpc":"2.0","id":7,"method":"${lookup}","params":["${hash}"]}`)
  const parsed = parseCalls(body)
  if (parsed.kind !== 'single') throw new Error('no message')
  return parsed.message
}

function resultOf({ body, start, end }: Reply): unknown {
  return JSON.parse(body.toString('utf8', start, end))
}
