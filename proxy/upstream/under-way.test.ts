import { type TestContext, test } from 'node:test'
import { Attempt, Cancellation } from './attempt.ts'
import { UnderWay } from './under-way.ts'

test('each attempt ends after its own deadline and not before', async (t: TestContext) => {
  const clock = { ms: 0, nowMs: () => clock.ms }
  const underWay = new UnderWay(clock)
  const [first, second] = [attempt(), attempt()]
  underWay.add(first, 100, true)
  underWay.add(second, 200, false)
  clock.ms = 100
  await t.assert.rejects(first.answer, /no answer in time/)
  underWay.delete(first)
  t.assert.equal(await Promise.race([second.answer.catch(() => 'over'), 'waits']), 'waits')
  clock.ms = 200
  await t.assert.rejects(second.answer, /no answer in time/)
  underWay.delete(second)
})

test('with its node, an attempt ends that may be made again, and no other', async (t: TestContext) => {
  const underWay = new UnderWay({ nowMs: () => 0 })
  const [read, write] = [attempt(), attempt()]
  underWay.add(read, 1, true)
  underWay.add(write, 1, false)
  underWay.abandon(new Error('found dead'))
  await t.assert.rejects(read.answer, /found dead/)
  t.assert.equal(await Promise.race([write.answer.catch(() => 'over'), 'waits']), 'waits')
  for (const each of [read, write]) underWay.delete(each)
})

function attempt(): Attempt {
  return new Attempt('a', 1_000, new Cancellation())
}
