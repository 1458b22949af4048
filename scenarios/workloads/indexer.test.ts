import { type TestContext, test } from 'node:test'
import type { Call } from '../load/transport.ts'
import { IndexerScript } from './indexer.ts'
import { mostFaults } from './script.ts'

const chain = { firstBlock: 1, lastBlock: 10 }

test('indexers ask for every block with its receipts and logs, from where they stand to the head', async (t: TestContext) => {
  const script = new IndexerScript(chain)
  const asked = played(script, 2_000, (call) => answered(call, 40))
  const blocks = asked.filter(({ method }) => method === 'eth_getBlockByNumber')
  const times = (number: number) =>
    blocks.filter(({ params }) => params[0] === `0x${number.toString(16)}`).length
  // Two read all of the chain, four what is new.
  t.assert.deepEqual([times(1), times(10), times(11), times(40), times(41)], [2, 2, 6, 6, 0])
  const { counts, faults } = await script.finish()
  t.assert.deepEqual(faults, [])
  t.assert.deepEqual(
    [counts['blocks'], counts['receipts'], counts['logs'], counts['most behind']],
    [2 * 40 + 4 * 30, 2 * (2 * 40 + 4 * 30), 2 * (2 * 40 + 4 * 30), 0],
  )
})

test('what failed is asked for again, and nothing is left out', async (t: TestContext) => {
  const script = new IndexerScript(chain)
  let calls = 0
  played(script, 4_000, (call) => {
    calls += 1
    return calls % 7 === 0 ? undefined : answered(call, 40)
  })
  const { counts, faults } = await script.finish()
  t.assert.deepEqual([counts['blocks'], faults.length], [200, 0])
})

test('receipts or logs that do not belong to the block are faults', async (t: TestContext) => {
  for (const [method, words] of [
    ['eth_getBlockReceipts', /has 2 transactions and 1 receipts/],
    ['eth_getLogs', /has 2 logs in its receipts, and 1 are found/],
  ] as const) {
    const script = new IndexerScript(chain)
    played(script, 400, (call) => {
      const answer = answered(call, 14)
      return call.method === method && Array.isArray(answer) ? answer.slice(1) : answer
    })
    const { faults } = await script.finish()
    t.assert.match(faults.join('\n'), words)
    t.assert.ok(faults.length <= mostFaults)
  }
})

test('a block that does not stand on the one before it is a turn of the chain', async (t: TestContext) => {
  const script = new IndexerScript(chain)
  played(script, 400, (call) => {
    const answer = answered(call, 14)
    return call.method === 'eth_getBlockByNumber' && call.params[0] === '0xc'
      ? { ...(answer as object), parentHash: '0xother' }
      : answer
  })
  t.assert.equal((await script.finish()).counts['turns'], 6)
})

/** Makes calls and settles each at once; an answer of undefined is a failure. */
function played(
  script: IndexerScript,
  count: number,
  answer: (call: Call) => unknown,
): readonly Call[] {
  return Array.from({ length: count }, () => {
    const call = script.next()
    const result = answer(call)
    script.settled(call, { failure: result === undefined ? 'timeout' : null, result })
    return call
  })
}

/** A chain of so many blocks, two transactions in each with a log of its own. */
function answered({ method, params }: Call, height: number): unknown {
  const hex = (number: number) => `0x${number.toString(16)}`
  if (method === 'eth_blockNumber') return hex(height)
  if (method === 'eth_getBlockReceipts') return [{ logs: [{}] }, { logs: [{}] }]
  if (method === 'eth_getLogs') return [{}, {}]
  const number = Number(params[0])
  const [hash, parentHash] = [`0xhash${number}`, `0xhash${number - 1}`]
  return { number: hex(number), hash, parentHash, transactions: ['0x1', '0x2'] }
}
