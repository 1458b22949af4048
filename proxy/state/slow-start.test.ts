import { type TestContext, test } from 'node:test'
import { SlowStart } from './slow-start.ts'

test('a node that was never away is trusted with all', (t: TestContext) => {
  const start = new SlowStart()
  for (let i = 0; i < 4; i += 1) start.failed(i)
  start.answered()
  for (let i = 4; i < 8; i += 1) start.failed(i)
  start.seen(8)
  t.assert.equal(start.trust(8), 1)
})

test('reports of a container that runs neither end an absence nor begin one', (t: TestContext) => {
  const start = new SlowStart()
  for (let i = 0; i < 5; i += 1) {
    start.failed(i)
    start.seen(i)
  }
  t.assert.ok(start.trust(5) < 0.11)
  start.seen(5_000)
  t.assert.ok(Math.abs(start.trust(5_004) - 0.55) < 1e-9)
  t.assert.equal(start.trust(10_004), 1)
})

test('an agent that says for ever that a node is gone which answers is not believed for ever', (t: TestContext) => {
  const start = new SlowStart()
  for (let ms = 0; ms <= 10_000; ms += 250) {
    start.gone(ms)
    start.answered()
  }
  t.assert.equal(start.trust(10_000), 1)
  start.seen(20_000)
  t.assert.equal(start.trust(20_000), 0.1)
})

test('trust grows from a tenth to all in 10 s after a node has come', (t: TestContext) => {
  const start = new SlowStart()
  start.joined(1_000)
  t.assert.deepEqual([start.trust(1_000), start.trust(11_000), start.trust(60_000)], [0.1, 1, 1])
  t.assert.ok(start.trust(3_000) < start.trust(4_000))
})
