import { type TestContext, test } from 'node:test'
import { LostTime } from './lost-time.ts'
import { testClock } from './test/test-upstream.ts'

test('time in which nothing was due is not lost', (t: TestContext) => {
  const { lost, pass } = losing(t)
  for (let looks = 0; looks < 20; looks += 1) pass(100, 100)
  t.assert.equal(lost.ms, 0)
})

test('what is due and does not run is lost, and known before it runs', (t: TestContext) => {
  const { lost, pass } = losing(t)
  pass(100, 100)
  pass(1_000, 0)
  t.assert.equal(lost.ms, 900)
  pass(0, 100)
  t.assert.equal(lost.ms, 900)
  pass(100, 100)
  t.assert.equal(lost.ms, 900)
  pass(350, 100)
  t.assert.equal(lost.ms, 1_150)
})

test('closed, it looks no more', (t: TestContext) => {
  const { lost, pass, clock } = losing(t)
  lost.close()
  const before = clock.looks
  pass(1_000, 1_000)
  t.assert.equal(clock.looks, before)
})

/** Time that passes on the clock, and what of it the process gets to run its timers. */
function losing(t: TestContext) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const time = testClock()
  const clock = {
    looks: 0,
    nowMs: () => {
      clock.looks += 1
      return time.ms
    },
  }
  const lost = new LostTime(clock)
  t.after(() => lost.close())
  const pass = (ms: number, ranMs: number): void => {
    time.ms += ms
    t.mock.timers.tick(ranMs)
  }
  return { lost, pass, clock }
}
