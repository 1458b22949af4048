import { type TestContext, test } from 'node:test'
import type { Exchange } from '../exchange.ts'
import type { Answer } from '../rpc/answer.ts'
import type { Parsed } from '../rpc/call.ts'
import { Conversation, type Line } from './conversation.ts'

test('answers go out as they are ready, not as they were asked', async (t: TestContext) => {
  const { conversation, line, calls } = begin()
  const first = conversation.take(Buffer.from('{"id":1}'))
  const second = conversation.take(Buffer.from('{"id":2}'))
  calls[1]?.answer('second')
  await second
  calls[0]?.answer('first')
  await first
  t.assert.deepEqual(line.said, ['second', 'first'])
})

test('what was asked unanswerably is answered with silence', async (t: TestContext) => {
  const { conversation, line, calls } = begin()
  const taken = conversation.take(Buffer.from('{}'))
  calls[0]?.answer(null)
  await taken
  t.assert.deepEqual(line.said, [])
  t.assert.equal(line.ending, 'none')
})

test('broken JSON is told, and ends the line once all under way is answered', async (t: TestContext) => {
  const { conversation, line, calls } = begin()
  const slow = conversation.take(Buffer.from('{"id":1}'))
  await conversation.take(Buffer.from("'f"))
  const told =
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"invalid character \'\\\\\'\' looking for beginning of value"}}'
  t.assert.deepEqual(line.said, [told])
  t.assert.equal(line.ending, 'none')
  calls[0]?.answer('slow')
  await slow
  t.assert.deepEqual(line.said, [told, 'slow'])
  t.assert.equal(line.ending, 'ended')
})

test('JSON cut short, or none, ends the line without a word', async (t: TestContext) => {
  for (const text of ['{"jsonrpc":"2.0"', '', '  ']) {
    const { conversation, line } = begin()
    await conversation.take(Buffer.from(text))
    t.assert.deepEqual(line.said, [])
    t.assert.equal(line.ending, 'ended', JSON.stringify(text))
  }
})

test('nothing is taken from a line that is to end', async (t: TestContext) => {
  const { conversation, calls } = begin()
  await conversation.take(Buffer.from('x'))
  await conversation.take(Buffer.from('{}'))
  t.assert.equal(calls.length, 0)
})

test('notifications begin behind the answer that promised them', async (t: TestContext) => {
  const { conversation, line, calls } = begin()
  const taken = conversation.take(Buffer.from('{}'))
  const [call] = calls
  if (call === undefined) throw new Error('nothing was asked')
  call.exchange.afterAnswer = [() => conversation.push(Buffer.from('notification'))]
  call.answer('id')
  await taken
  t.assert.deepEqual(line.said, ['id', 'notification'])
})

test('a client that is gone calls off what it waits for', async (t: TestContext) => {
  const { conversation, line, calls } = begin()
  const taken = conversation.take(Buffer.from('{}'))
  conversation.abandon()
  line.isOpen = false
  t.assert.ok(calls[0]?.exchange.cancellation.isCancelled)
  calls[0]?.answer('late')
  await taken
  t.assert.deepEqual(line.said, [])
})

test('a client behind by more than the bound is cut off, not thinned out', (t: TestContext) => {
  const { conversation, line } = begin()
  line.queuedBytes = 1_000
  conversation.push(Buffer.from('kept'))
  line.queuedBytes = 1_001
  conversation.push(Buffer.from('too much'))
  t.assert.deepEqual(line.said, ['kept'])
  t.assert.equal(line.ending, 'cut off')
  t.assert.equal(conversation.cutOffFor, 'slow')
})

test('a client that takes nothing for ten seconds is cut off', (t: TestContext) => {
  const { conversation, line, clock } = begin()
  conversation.push(Buffer.alloc(500))
  line.queuedBytes = 500
  clock.ms = 9_999
  conversation.look(clock.ms)
  t.assert.equal(line.ending, 'none')
  clock.ms = 10_000
  conversation.look(clock.ms)
  t.assert.equal(line.ending, 'cut off')
})

test('one that takes something now and then is not, nor one that owes nothing', (t: TestContext) => {
  const { conversation, line, clock } = begin()
  conversation.push(Buffer.alloc(500))
  line.queuedBytes = 500
  for (let i = 1; i <= 5; i += 1) {
    clock.ms += 9_000
    line.queuedBytes -= 100
    conversation.look(clock.ms)
  }
  t.assert.equal(line.queuedBytes, 0)
  clock.ms += 60_000
  conversation.look(clock.ms)
  // Time without anything to take does not count.
  conversation.push(Buffer.alloc(500))
  line.queuedBytes = 500
  conversation.look(clock.ms + 9_999)
  t.assert.equal(line.ending, 'none')
})

type Call = { readonly exchange: Exchange; readonly answer: (text: string | null) => void }

function begin() {
  const line = new RecordedLine()
  const clock = { ms: 0, nowMs: () => clock.ms }
  const calls: Call[] = []
  const answer = (_parsed: Parsed, exchange: Exchange): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>()
    calls.push({
      exchange,
      answer: (text) => resolve(text === null ? [] : [Buffer.from(text)]),
    })
    return promise
  }
  return { conversation: new Conversation(line, 1_000, answer, clock), line, clock, calls }
}

class RecordedLine implements Line {
  isOpen = true
  queuedBytes = 0
  readonly said: string[] = []
  ending: 'none' | 'ended' | 'cut off' = 'none'

  send(bytes: Buffer): void {
    this.said.push(bytes.toString('latin1'))
  }

  end(): void {
    this.ending = 'ended'
  }

  cutOff(): void {
    this.ending = 'cut off'
  }
}
