import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type Answer, resultAnswer } from './answer.ts'
import { Batch, batchAnswer } from './batch.ts'
import { type Message, parseCalls } from './call.ts'
import { Exposure } from './exposure.ts'
import { Router } from './router.ts'

const router = new Router(new Exposure({ api: ['eth'], allow: [], deny: [] }))

const read = '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance"}'
const write = '{"jsonrpc":"2.0","id":2,"method":"eth_sendRawTransaction"}'
const pinned = '{"jsonrpc":"2.0","id":3,"method":"eth_newFilter"}'
const nowhere = '{"jsonrpc":"2.0","id":4,"method":"nope"}'
const notification = '{"jsonrpc":"2.0","method":"eth_getBalance"}'
const invalid = '{"id":5}'
const dropped = '{"jsonrpc":"2.0","id":5,"result":1}'

test('reads that stand together are one group, all else stands alone', (t: TestContext) => {
  const batch = batchOf(read, read, write, write, read, pinned, read, read, read)
  t.assert.deepEqual(indexes(batch), [[0, 1], [2], [3], [4], [5], [6, 7, 8]])
})

test('what the proxy answers itself parts no reads', (t: TestContext) => {
  const batch = batchOf(read, nowhere, invalid, dropped, read, notification)
  t.assert.deepEqual(indexes(batch), [[0, 4, 5]])
  t.assert.equal(batch.told.length, 3)
})

test('answers stand in the order of their calls, whenever they came', (t: TestContext) => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(read, write, pinned, nowhere, notification, invalid, dropped), {
        minLength: 1,
        maxLength: 60,
      }),
      fc.gen(),
      (bodies, gen) => {
        const batch = batchOf(...bodies)
        const items = batch.groups.flat()
        for (const { index, message } of gen(fc.shuffledSubarray, items, {
          minLength: items.length,
        })) {
          batch.put(index, resultOf(message, String(index)))
        }
        const answered = bodies.flatMap((body, index): (number | string)[] => {
          if (body === notification || body === dropped) return []
          return body === nowhere || body === invalid ? ['error'] : [index]
        })
        const joined = text(batch.answer(0))
        if (answered.length === 0) t.assert.equal(joined, '')
        else t.assert.deepEqual(whatCame(joined), answered)
      },
    ),
  )
})

test('ids that are equal keep their answers apart', (t: TestContext) => {
  const batch = batchOf(read, read, read)
  for (const { index, message } of batch.groups.flat().toReversed()) {
    batch.put(index, resultOf(message, String(index)))
  }
  t.assert.equal(
    text(batch.answer(0)),
    `[${[0, 1, 2].map((i) => `{"jsonrpc":"2.0","id":1,"result":${i}}`).join()}]`,
  )
})

test('a batch of notifications is answered with nothing, one call with an array', (t: TestContext) => {
  const silent = batchOf(notification, dropped)
  for (const { index, message } of silent.groups.flat()) silent.put(index, resultOf(message, '1'))
  t.assert.equal(text(silent.answer(0)), '')
  const single = batchOf(read)
  for (const { index, message } of single.groups.flat()) single.put(index, resultOf(message, '1'))
  t.assert.equal(text(single.answer(0)), '[{"jsonrpc":"2.0","id":1,"result":1}]')
})

test('the answer that crosses the limit comes whole, all behind it are refused', (t: TestContext) => {
  const batch = batchOf(read, read, read, nowhere, notification, read)
  for (const { index, message } of batch.groups.flat()) {
    batch.put(index, resultOf(message, `"${'x'.repeat(98)}"`))
  }
  t.assert.equal(batch.isOver(2, 199), true)
  t.assert.equal(batch.isOver(3, 400), false)
  const whole = 'x'.repeat(98)
  const tooLarge = -32003
  t.assert.deepEqual(whatCame(text(batch.answer(199)), true), [
    whole,
    whole,
    tooLarge,
    tooLarge,
    tooLarge,
  ])
  t.assert.equal(batch.isCut, true)
  t.assert.deepEqual(whatCame(text(batch.answer(200)), true).slice(0, 3), [whole, whole, whole])
})

test('a call that was not carried out any more is told that it was too much', (t: TestContext) => {
  const batch = batchOf(read, write, notification, invalid)
  const [[first] = []] = batch.groups
  if (first === undefined) throw new Error('no group')
  batch.put(first.index, resultOf(first.message, `"${'x'.repeat(98)}"`))
  t.assert.equal(batch.isOver(1, 99), true)
  const answers = whatCame(text(batch.answer(99)), true)
  t.assert.deepEqual(answers, ['x'.repeat(98), -32003, -32003])
})

test('errors count as results do, without their frame, and at their place', (t: TestContext) => {
  const error = '{"code":-32601,"message":"the method nope does not exist/is not available"}'
  const batch = batchOf(nowhere, write, nowhere, read)
  t.assert.equal(batch.isOver(1, error.length), false)
  t.assert.equal(batch.isOver(1, error.length - 1), true)
})

test('when time is over, the call under way and all behind it are told so', (t: TestContext) => {
  const batch = batchOf(read, nowhere, write, notification, dropped, invalid, nowhere, read)
  const [[first] = [], [second] = []] = batch.groups
  if (first === undefined || second === undefined) throw new Error('no groups')
  batch.put(first.index, resultOf(first.message, '1'))
  batch.expire(second.index)
  t.assert.equal(batch.isOver(7, 0), true)
  const answers = whatCame(text(batch.answer(0)), true)
  t.assert.deepEqual(answers, [1, -32601, -32002, -32002, -32002, -32002])
  t.assert.equal(batch.isCut, true)
})

test('what is cut off bears the id it came with, or none', (t: TestContext) => {
  const batch = batchOf(nowhere, '{"id":{"a":1}}', 'null', '[]', '{"jsonrpc":"2.0","id":"x"}')
  const cut = '"error":{"code":-32003,"message":"response too large"}}'
  t.assert.equal(
    text(batch.answer(1)).replace(/^\[.*?\}\},/, ''),
    `{"jsonrpc":"2.0","id":{"a":1},${cut},{"jsonrpc":"2.0",${cut},` +
      `{"jsonrpc":"2.0",${cut},{"jsonrpc":"2.0","id":"x",${cut}]`,
  )
})

test('without a limit nothing is too much', (t: TestContext) => {
  const batch = batchOf(read, read)
  for (const { index, message } of batch.groups.flat()) {
    batch.put(index, resultOf(message, `"${'x'.repeat(100_000)}"`))
  }
  t.assert.equal(batch.isOver(2, 0), false)
  t.assert.equal(whatCame(text(batch.answer(0))).length, 2)
  t.assert.equal(batch.isCut, false)
})

test('a result in place is answered as one that was copied, whatever its size and limit', (t: TestContext) => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          body: fc.constantFrom(read, write, nowhere, invalid, notification, dropped),
          size: fc.oneof(fc.nat(200), fc.constantFrom(17_000, 40_000)),
          isCopied: fc.boolean(),
        }),
        { minLength: 1, maxLength: 12 },
      ),
      fc.nat(80_000),
      (calls, maxBytes) => {
        const bodies = calls.map(({ body }) => body)
        const [inPlace, copied] = [batchOf(...bodies), batchOf(...bodies)]
        for (const { index, message } of inPlace.groups.flat()) {
          const body = Buffer.from(`x"${'é'.repeat(calls[index]?.size ?? 0)}"x`)
          const [start, end] = [1, body.length - 1]
          const answer = resultAnswer(message, body, start, end)
          copied.put(index, answer)
          if (calls[index]?.isCopied === true) inPlace.put(index, answer)
          else inPlace.putResult(index, { kind: 'result', body, start, end })
        }
        t.assert.equal(text(inPlace.answer(maxBytes)), text(copied.answer(maxBytes)))
        t.assert.equal(inPlace.isCut, copied.isCut)
      },
    ),
  )
})

test('large answers are joined without being copied', (t: TestContext) => {
  const large = Buffer.alloc(100_000, '1')
  t.assert.ok(batchAnswer([[Buffer.from('7')], [large]]).includes(large))
})

function batchOf(...bodies: readonly string[]): Batch {
  const parsed = parseCalls(Buffer.from(`[${bodies.join()}]`))
  if (parsed.kind !== 'batch') throw new Error(parsed.kind)
  return new Batch(parsed.messages, (message) => router.route(message))
}

function indexes(batch: Batch): readonly (readonly number[])[] {
  return batch.groups.map((group) => group.map(({ index }) => index))
}

function resultOf(message: Message, json: string): Answer {
  const body = Buffer.from(json)
  return resultAnswer(message, body, 0, body.length)
}

function text(answer: Answer): string {
  return Buffer.concat(answer).toString()
}

/** Results, and for errors their codes or just that. */
function whatCame(answer: string, codes = false): readonly unknown[] {
  const members: readonly { result?: unknown; error?: { code: number } }[] = JSON.parse(answer)
  return members.map(({ result, error }) =>
    error === undefined ? result : codes ? error.code : 'error',
  )
}
