import { type TestContext, test } from 'node:test'
import { normal, randomStream } from '../load/random.ts'
import { scaleFactor, widened } from './scale-factor.ts'
import { geometricEstimate, mean } from './statistics.ts'

test('runs that differ as their values do widen nothing, runs that differ by more do', (t: TestContext) => {
  t.assert.equal(
    scaleFactor([
      [1, 2, 3],
      [1, 2, 3],
    ]),
    1,
  )
  // Between: 2 x 3 x 1 / 1 = 6; within: 4 / 4.
  t.assert.ok(
    Math.abs(
      scaleFactor([
        [0, 1, 2],
        [2, 3, 4],
      ]) - Math.sqrt(6),
    ) < 1e-12,
  )
  t.assert.equal(scaleFactor([[1, 5, 9]]), 1)
  t.assert.equal(scaleFactor([[1], [5]]), 1)
  t.assert.equal(
    scaleFactor([
      [1, 1],
      [5, 5],
    ]),
    1,
  )
  t.assert.equal(scaleFactor([]), 1)
})

test('an interval is widened on logarithms, and keeps its value', (t: TestContext) => {
  t.assert.deepEqual(widened({ value: 1, low: 0.5, high: 2 }, 2), { value: 1, low: 0.25, high: 4 })
  t.assert.deepEqual(widened({ value: 3, low: null, high: null }, 2), {
    value: 3,
    low: null,
    high: null,
  })
})

test('with it intervals hold the truth more often, where every run has a truth of its own', (t: TestContext) => {
  const random = randomStream(3, 'scale-factor')
  const held = { plain: 0, wide: 0 }
  for (let experiment = 0; experiment < 200; experiment += 1) {
    const runs = Array.from({ length: 4 }, () => {
      const own = 0.3 * normal(random)
      return Array.from({ length: 5 }, () => own + 0.3 * normal(random))
    })
    const plain = geometricEstimate(runs.flat().map(Math.exp), random)
    const wide = widened(plain, scaleFactor(runs))
    const holds = ({ low, high }: typeof plain) => (low ?? 0) <= 1 && 1 <= (high ?? 0)
    held.plain += holds(plain) ? 1 : 0
    held.wide += holds(wide) ? 1 : 0
    t.assert.ok(Math.abs(Math.log(wide.value) - mean(runs.flat())) < 1e-9)
  }
  t.assert.ok(held.plain < 160, `${held.plain} of 200 held without`)
  t.assert.ok(held.wide > 170, `${held.wide} of 200 held with`)
})
