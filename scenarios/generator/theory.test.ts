import { type TestContext, test } from 'node:test'
import { typicalSample } from './sample.ts'
import { exactLatenciesMs, figuresOf, theoryOf } from './theory.ts'

test('M/M/1 and M/D/1 are those of the tables', (t: TestContext) => {
  const mm1 = theoryOf('M/M/1', 0.5, 10)
  t.assert.equal(mm1.meanMs, 20)
  t.assert.ok(Math.abs(mm1.p99Ms - 92.1) < 0.01)
  // With ρ = 0.5 a wait of nothing has probability 0.5, one of a service time at most 0.5 · √e.
  const md1 = theoryOf('M/D/1', 0.5, 10)
  t.assert.equal(md1.meanMs, 15)
  t.assert.ok(md1.p99Ms > 40 && md1.p99Ms < 60, `${md1.p99Ms}`)
})

test('calls wait for those before them and for nothing else', (t: TestContext) => {
  t.assert.deepEqual([...exactLatenciesMs([0, 5, 100], [10, 10, 3])], [10, 15, 3])
  t.assert.deepEqual(figuresOf(Float64Array.from([1, 2, 3, 4])), { meanMs: 2.5, p99Ms: 4 })
})

test('the sample that is loaded lies within 1 % of theory', (t: TestContext) => {
  for (const kind of ['M/M/1', 'M/D/1'] as const) {
    const { exact } = typicalSample(kind, 0.7, 50, 90_000)
    const theory = theoryOf(kind, 0.7, 50)
    t.assert.ok(Math.abs(exact.meanMs / theory.meanMs - 1) < 0.01, `${kind} ${exact.meanMs}`)
    t.assert.ok(Math.abs(exact.p99Ms / theory.p99Ms - 1) < 0.01, `${kind} ${exact.p99Ms}`)
  }
})
