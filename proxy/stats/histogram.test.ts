import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { Histogram, latencyBounds } from './histogram.ts'

test('a value falls into the first bucket whose bound is not below it', (t: TestContext) => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 60, noNaN: true }), (seconds) => {
      const histogram = new Histogram()
      histogram.observe(seconds)
      const want = latencyBounds.findIndex((bound) => seconds <= bound)
      const got = Array.from(histogram.counts).indexOf(1)
      t.assert.equal(got, want === -1 ? latencyBounds.length : want)
    }),
  )
})

test('every value is counted once and the sum is their sum', (t: TestContext) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 100 })), (values) => {
      const histogram = new Histogram([1, 5, 50])
      for (const value of values) histogram.observe(value)
      t.assert.equal(total(histogram.counts), values.length)
      t.assert.equal(histogram.sum, total(values))
    }),
  )
})

function total(numbers: ArrayLike<number>): number {
  return Array.from(numbers).reduce((sum, n) => sum + n, 0)
}
