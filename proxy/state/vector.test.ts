import { type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import fc from 'fast-check'
import { distanceOfUse, pointOf, unit, vectorOf } from './vector.ts'

test('a ratio is held to the range from idle to saturated', (t: TestContext) => {
  t.assert.deepEqual([-1, 0, 0.5, 1, 7].map(unit), [0, 0, 0.5, 1, 1])
  t.assert.equal(unit(Number.POSITIVE_INFINITY), 1)
  t.assert.equal(unit(Number.NEGATIVE_INFINITY), 0)
})

test('what is not a number is read as saturated, so that a broken gauge attracts nobody', (t: TestContext) => {
  t.assert.equal(unit(Number.NaN), 1)
  t.assert.equal(unit(0 / 0), 1)
  t.assert.equal(vectorOf({ cpu: Number.NaN }).cpu, 1)
})

test('an axis that is not reported is unknown, not idle', (t: TestContext) => {
  const x = vectorOf({ cpu: 0, cpu_pressure: 0.25 })
  t.assert.equal(x.cpu, 0)
  t.assert.equal(x.memory, null)
  t.assert.deepEqual(pointOf(x), { cpu: 0, cpu_pressure: 0.25 })
})

test('a point comes back as it was reported', (t: TestContext) => {
  const axis = fc.double({ min: 0, max: 1, noNaN: true })
  const point = fc.record(
    {
      cpu_pressure: axis,
      io_pressure: axis,
      mem_pressure: axis,
      cpu: axis,
      memory: axis,
      disk: axis,
      network: axis,
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  fc.assert(fc.property(point, (x) => t.assert.deepEqual(pointOf(vectorOf(x)), x)))
})

test('the distance of use is Euclidean over the axes known, and pressure is none of them', (t: TestContext) => {
  t.assert.equal(distanceOfUse(vectorOf({ cpu: 0.6, memory: 0.8 })), 1)
  t.assert.equal(distanceOfUse(vectorOf({ cpu: 0.6, memory: 0.8, cpu_pressure: 1 })), 1)
  t.assert.equal(distanceOfUse(vectorOf({ cpu: 1, memory: 1, disk: 1, network: 1 })), 2)
  t.assert.equal(distanceOfUse(vectorOf({ cpu: 0 })), 0)
})

test('a node of which no use is known is as far as can be', (t: TestContext) => {
  t.assert.equal(distanceOfUse(vectorOf({})), 2)
  t.assert.equal(distanceOfUse(vectorOf({ cpu_pressure: 0 })), 2)
})

test('all vectors have one shape, whatever was reported', (t: TestContext) => {
  setFlagsFromString('--allow-natives-syntax')
  const haveSameMap = new Function('a', 'b', 'return %HaveSameMap(a, b)')
  t.assert.ok(haveSameMap(vectorOf({}), vectorOf({ network: 0.5, cpu: 1 })))
})
