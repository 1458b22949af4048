import { type TestContext, test } from 'node:test'
import { randomStream } from '../load/random.ts'
import { isRising } from './drift.ts'

test('a queue that grows all the time is rising', (t: TestContext) => {
  const random = randomStream(1, 'drift')
  const values = Array.from({ length: 40 }, (_, i) => (10 + i) * (0.7 + 0.6 * random()))
  t.assert.ok(isRising(values))
})

test('chance alone is called rising in less than one series of a hundred', (t: TestContext) => {
  const random = randomStream(2, 'drift')
  let called = 0
  for (let i = 0; i < 1000; i += 1) {
    const values = Array.from({ length: 40 }, () => Math.exp(2 * (random() - 0.5)))
    if (isRising(values)) called += 1
  }
  t.assert.ok(called < 10, `${called} of 1000`)
})

test('one burst, a fall, and a rise of no matter are not', (t: TestContext) => {
  const level = Array.from({ length: 40 }, (_, i) => 10 + 0.01 * (i % 3))
  t.assert.equal(isRising(level.map((value, i) => (i > 18 && i < 22 ? 50 * value : value))), false)
  t.assert.equal(isRising(level.map((value, i) => value * (60 - i))), false)
  t.assert.equal(isRising(level.map((value, i) => value * (1 + i / 200))), false)
  t.assert.equal(isRising([1, 2, 3]), false)
})
