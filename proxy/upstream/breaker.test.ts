import { type TestContext, test } from 'node:test'
import { Breaker } from './breaker.ts'

const options = { failures: 3, openMs: 1_000, maxOpenMs: 3_000 }

test('failures in a row open it, a success between them does not', (t: TestContext) => {
  const { breaker } = breakerAt(0)
  breaker.fail()
  breaker.fail()
  breaker.succeed()
  breaker.fail()
  breaker.fail()
  t.assert.equal(breaker.state, 'closed')
  breaker.fail()
  t.assert.equal(breaker.state, 'open')
  t.assert.equal(breaker.lets, false)
})

test('after its time one call may try, and no second one', (t: TestContext) => {
  const { breaker, clock } = opened()
  clock.ms = 999
  t.assert.equal(breaker.lets, false)
  clock.ms = 1_000
  t.assert.equal(breaker.state, 'half-open')
  t.assert.equal(breaker.lets, true)
  breaker.start()
  t.assert.equal(breaker.lets, false)
})

test('a trial that succeeds closes it', (t: TestContext) => {
  const { breaker, clock } = opened()
  clock.ms = 1_000
  breaker.start()
  breaker.succeed()
  t.assert.equal(breaker.state, 'closed')
  t.assert.equal(breaker.lets, true)
})

test('each trial that fails doubles the time, up to its bound', (t: TestContext) => {
  const { breaker, clock } = opened()
  for (const waitMs of [1_000, 2_000, 3_000, 3_000]) {
    clock.ms += waitMs - 1
    t.assert.equal(breaker.state, 'open')
    clock.ms += 1
    t.assert.equal(breaker.state, 'half-open')
    breaker.start()
    breaker.fail()
  }
})

test('where no call tries, an answer to a question of ours closes it', (t: TestContext) => {
  const { breaker, clock } = opened()
  t.assert.equal(breaker.endure(), false)
  clock.ms = 1_000
  t.assert.equal(breaker.endure(), true)
  t.assert.equal(breaker.state, 'closed')
  t.assert.equal(breaker.endure(), false)
})

test('who is closed so and fails at once is open again for twice as long', (t: TestContext) => {
  const { breaker, clock } = opened()
  clock.ms = 1_000
  breaker.endure()
  breaker.fail()
  clock.ms += 1_999
  t.assert.equal(breaker.state, 'open')
  clock.ms += 1
  breaker.endure()
  // What a call proves holds.
  breaker.succeed()
  breaker.fail()
  t.assert.equal(breaker.state, 'closed')
})

test('a trial under way is waited for', (t: TestContext) => {
  const { breaker, clock } = opened()
  clock.ms = 1_000
  breaker.start()
  t.assert.equal(breaker.endure(), false)
  t.assert.equal(breaker.state, 'half-open')
})

test('a trial whose client went away leaves room for the next', (t: TestContext) => {
  const { breaker, clock } = opened()
  clock.ms = 1_000
  breaker.start()
  breaker.abandon()
  t.assert.equal(breaker.lets, true)
})

test('a call that goes out while it is open, and fails, takes no trial’s place', (t: TestContext) => {
  const { breaker, clock } = opened()
  breaker.start()
  breaker.fail()
  t.assert.equal(breaker.state, 'open')
  clock.ms = 1_000
  t.assert.equal(breaker.lets, true)
})

test('a call that goes out while it is open, and succeeds, closes it', (t: TestContext) => {
  const { breaker } = opened()
  breaker.start()
  breaker.succeed()
  t.assert.equal(breaker.state, 'closed')
})

function breakerAt(ms: number) {
  const clock = { ms, nowMs: () => clock.ms }
  return { clock, breaker: new Breaker(clock, options) }
}

function opened() {
  const made = breakerAt(0)
  for (let i = 0; i < options.failures; i++) made.breaker.fail()
  return made
}
