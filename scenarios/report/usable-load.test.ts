import { type TestContext, test } from 'node:test'
import { bearingOf } from './usable-load.ts'

const points = [
  { load: 0.5, p99Ms: 100 },
  { load: 0.7, p99Ms: 200 },
  { load: 0.9, p99Ms: 800 },
]

test('between two loads it is where the line through the logarithms passes the limit', (t: TestContext) => {
  const { load = 0, bound } = bearingOf(points, 400) ?? {}
  t.assert.equal(bound, 'at')
  t.assert.ok(Math.abs(load - 0.8) < 1e-9)
})

test('beyond what was measured only a bound is told', (t: TestContext) => {
  t.assert.deepEqual(bearingOf(points, 1000), { load: 0.9, bound: 'above' })
  t.assert.deepEqual(bearingOf(points, 50), { load: 0.5, bound: 'below' })
  t.assert.equal(bearingOf([], 50), null)
})
