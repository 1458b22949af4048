import { type TestContext, test } from 'node:test'
import { normal, randomStream } from '../load/random.ts'
import {
  difference,
  estimate,
  fairness,
  geometricEstimate,
  mean,
  meanKnown,
  pairedRatio,
  quantile,
} from './statistics.ts'
import { studentPoint } from './student.ts'

test('quantiles are those of R and NumPy', (t: TestContext) => {
  const values = [1, 2, 4, 7, 11]
  t.assert.deepEqual(
    [0, 0.1, 0.25, 0.5, 0.9, 1].map((share) => quantile(values, share)),
    [1, 1.4, 2, 4, 9.4, 11],
  )
  t.assert.equal(quantile([5], 0.99), 5)
  t.assert.throws(() => quantile([], 0.5), RangeError)
})

test('fairness is 1 for equal shares and 1 ÷ n when one has all', (t: TestContext) => {
  t.assert.equal(fairness([3, 3, 3, 3]), 1)
  t.assert.equal(fairness([1, 0, 0, 0]), 0.25)
  t.assert.equal(fairness([1, 2, 3]), 36 / 42)
})

test("Student's points run on where the table ends", (t: TestContext) => {
  t.assert.ok(Math.abs(studentPoint(30) - studentPoint(31)) < 0.003)
  t.assert.ok(Math.abs(studentPoint(60) - 2.0003) < 0.0001)
  t.assert.ok(Math.abs(studentPoint(1000) - 1.9623) < 0.0001)
})

test('the interval of a mean is that of the t test', (t: TestContext) => {
  // R: t.test(c(4, 5, 6, 9)) gives 6 ± 3.4374.
  const { value, low, high } = estimate([4, 5, 6, 9], mean, randomStream(1, 'resample'))
  t.assert.equal(value, 6)
  t.assert.ok(Math.abs((low ?? 0) - 2.5626) < 0.2, `low ${low}`)
  t.assert.ok(Math.abs((high ?? 0) - 9.4374) < 0.2, `high ${high}`)
})

test('one or two repeats have a figure and no interval', (t: TestContext) => {
  const random = randomStream(1, 'resample')
  t.assert.deepEqual(estimate([4], mean, random), { value: 4, low: null, high: null })
  t.assert.deepEqual(estimate([4, 6], mean, random), { value: 5, low: null, high: null })
})

test('a mean of figures of which one is not known is not known', (t: TestContext) => {
  t.assert.equal(meanKnown([1, 3]), 2)
  t.assert.equal(meanKnown([1, null]), null)
  t.assert.equal(meanKnown([]), null)
})

test('the same seed gives the same interval', (t: TestContext) => {
  const once = () => geometricEstimate([1, 2, 3], randomStream(9, 'resample'))
  t.assert.deepEqual(once(), once())
})

for (const n of [3, 5, 10]) {
  test(`intervals of ${n} repeats hold the truth in 93 to 97 of 100 experiments`, (t: TestContext) => {
    const random = randomStream(n, 'experiments')
    const experiments = 2000
    let held = 0
    for (let i = 0; i < experiments; i += 1) {
      // Latencies as they are: log-normal, with the truth e¹ as their geometric mean.
      const values = Array.from({ length: n }, () => Math.exp(1 + 0.4 * normal(random)))
      const { low, high } = geometricEstimate(values, random)
      if (low !== null && high !== null && low <= Math.E && Math.E <= high) held += 1
    }
    t.assert.ok(held > experiments * 0.93 && held < experiments * 0.97, `${held} of ${experiments}`)
  })
}

test('a strategy compared with itself is called different in at most 10 of 100', (t: TestContext) => {
  const random = randomStream(4, 'experiments')
  let called = 0
  for (let i = 0; i < 400; i += 1) {
    const draw = () =>
      new Map(Array.from({ length: 4 }, (_, r) => [r, Math.exp(0.3 * normal(random))] as const))
    const ratio = pairedRatio(draw(), draw(), random)
    if (ratio !== null && difference(ratio) !== 'none') called += 1
  }
  t.assert.ok(called <= 40, `${called} of 400`)
})

test('what a repeat does to both falls out of a paired ratio', (t: TestContext) => {
  const speed = [1, 5, 0.2, 3]
  const ours = new Map(speed.map((factor, repeat) => [repeat, 8 * factor]))
  const theirs = new Map(speed.map((factor, repeat) => [repeat, 10 * factor]))
  const ratio = pairedRatio(ours, theirs, randomStream(1, 'resample'))
  t.assert.ok(ratio !== null && Math.abs(ratio.value - 0.8) < 1e-12)
  t.assert.ok(ratio?.low !== null && ratio?.high !== null)
  t.assert.ok(Math.abs((ratio?.high ?? 0) - (ratio?.low ?? 9)) < 1e-12)
  t.assert.equal(difference(ratio ?? { value: 1, low: null, high: null }), 'lower')
})

test('repeats that only one has take no part in the ratio', (t: TestContext) => {
  const random = randomStream(1, 'resample')
  const ours = new Map([
    [0, 8],
    [1, 4],
  ])
  t.assert.equal(pairedRatio(ours, new Map([[1, 2]]), random)?.value, 2)
  t.assert.equal(pairedRatio(ours, new Map([[2, 2]]), random), null)
})

test('an interval that holds 1, or none at all, shows no difference', (t: TestContext) => {
  t.assert.equal(difference({ value: 0.5, low: 0.2, high: 1.1 }), 'none')
  t.assert.equal(difference({ value: 0.5, low: null, high: null }), 'none')
  t.assert.equal(difference({ value: 1.5, low: 1.1, high: 2 }), 'higher')
})
