import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import { Exchange } from '../exchange.ts'
import { receiptOf } from './receipt-wait.ts'
import { accepted, stubFleet } from './test/stub-fleet.ts'

test('the receipt comes as soon as a block holds the transaction', async (t: TestContext) => {
  const { fleet, nodes, journal } = await stubFleet(t, 1)
  const sent = await accepted(0)
  await journal.accept(sent)
  nodes[0]?.on('eth_getTransactionReceipt', () => ({ result: { status: '0x1' } }))
  const nowMs = () => systemClock.nowMs()
  const waiting = receiptOf(fleet, journal, sent.hash, new Exchange(nowMs(), false), nowMs)
  t.assert.deepEqual(nodes[0]?.methods, [])
  journal.mined({ number: 16, hash: '0xb' }, [sent])
  const { body, start, end } = await waiting
  t.assert.equal(body.toString('utf8', start, end), '{"status":"0x1"}')
})

test('when no block has it in time, that is said as Geth does, with the hash', async (t: TestContext) => {
  const { fleet, journal } = await stubFleet(t, 1)
  const sent = await accepted(0)
  await journal.accept(sent)
  let ms = 0
  const nowMs = () => {
    ms += 15_000
    return ms
  }
  const reply = await receiptOf(fleet, journal, sent.hash, new Exchange(0, false), nowMs)
  t.assert.deepEqual(JSON.parse(reply.body.toString()), {
    code: 4,
    message: "The transaction was added to the transaction pool but wasn't processed in 20s",
    data: sent.hash,
  })
})
