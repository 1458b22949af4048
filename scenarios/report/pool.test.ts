import { type TestContext, test } from 'node:test'
import { type Figure, pooled } from './pool.ts'
import { resultsOf } from './test/results-of.ts'

const mean: Figure = { label: null, measure: 'mean' }

test('runs under one condition are compared by all their pairs together', (t: TestContext) => {
  const one = resultsOf({ base: [10, 10, 10], rival: [5, 5.1, 4.9] })
  const other = resultsOf({ base: [20, 20], rival: [40, 40] })
  const pools = pooled([one, other])
  t.assert.equal(pools.length, one.cells.length)
  const found = pools[0]?.ratio('rival', 'base', mean)
  t.assert.equal(found?.pairs, 5)
  // Three halves and two doubles.
  t.assert.ok(Math.abs((found?.ratio.value ?? 0) - 2 ** (-1 / 5)) < 0.01)
})

test('a trial of one run is no pair of one of another', (t: TestContext) => {
  const pools = pooled([resultsOf({ base: [10, 10, 10] }), resultsOf({ rival: [5, 5, 5] })])
  t.assert.equal(pools[0]?.ratio('rival', 'base', mean), null)
  t.assert.deepEqual([...(pools[0]?.contenders ?? [])], ['base', 'rival'])
})

test('trials that were dropped, and other conditions, have no part in it', (t: TestContext) => {
  const run = resultsOf({ base: [10, 10, 10, 10], rival: [5, 5, 5, 500] })
  const trials = run.trials.map((trial) =>
    trial.repeat === 3 ? { ...trial, dropped: 'why' } : trial,
  )
  const [pool] = pooled([{ ...run, trials }])
  t.assert.equal(pool?.ratio('rival', 'base', mean)?.pairs, 3)
  const [cell] = run.cells
  if (cell === undefined) throw new Error('no cell')
  const elsewhere = { ...run, cells: [cell, { ...cell, id: 'other' }] }
  t.assert.deepEqual(
    pooled([elsewhere]).map((one) => one.ratio('rival', 'base', mean)?.pairs ?? 0),
    [4, 0],
  )
})

test('in the mean of all, calls without an answer count as long as the time limit', (t: TestContext) => {
  const run = resultsOf({ base: [10, 10, 10], rival: [10, 10, 10] }, { rival: 0.99 })
  const [pool] = pooled([run])
  const found = pool?.ratio('rival', 'base', mean)
  const expected = (100 * 10 + run.parameters.timeoutMs) / 101 / 10
  t.assert.ok(Math.abs((found?.ratio.value ?? 0) / expected - 1) < 0.01, `${found?.ratio.value}`)
  t.assert.equal(found?.isFair, true)
})

test('runs that differ make the interval wider than their pairs do', (t: TestContext) => {
  const pairs = { base: [10, 10, 10], rival: [9, 10, 11] }
  const twice = { base: [10, 10, 10], rival: [18, 20, 22] }
  const widthOf = (runs: Parameters<typeof pooled>[0]) => {
    const { low, high } = pooled(runs)[0]?.ratio('rival', 'base', mean)?.ratio ?? {}
    return Math.log((high ?? 0) / (low ?? 0))
  }
  const run = resultsOf(pairs)
  t.assert.ok(widthOf([run, run]) < widthOf([run]))
  t.assert.ok(widthOf([run, resultsOf(twice)]) > 2 * widthOf([run]))
})

test('of whoever fails calls nothing is shown by what leaves them out', (t: TestContext) => {
  const p99: Figure = { label: null, measure: 'p99' }
  const fair = (success: object) =>
    pooled([resultsOf({ base: [10, 10, 10], rival: [1, 1, 1] }, { ...success })])[0]?.ratio(
      'rival',
      'base',
      p99,
    )?.isFair
  t.assert.equal(fair({}), true)
  t.assert.equal(fair({ rival: 0.9 }), false)
  t.assert.equal(fair({ base: 0.9 }), false)
})

test('a slow machine beside one of two falls out, by the CPU of the generator', (t: TestContext) => {
  const cpu = [1, 1.1, 1.2, 1.05, 0.9]
  const run = resultsOf({ base: [10, 10, 10, 10, 10], rival: cpu.map((cores) => 8 * cores ** 2) })
  const withCpu = (cpuOf: (repeat: number) => number) =>
    run.trials.map((trial) => ({
      ...trial,
      generator: {
        ...trial.generator,
        cpuCores: trial.contender === 'base' ? 1 : cpuOf(trial.repeat),
      },
    }))
  const ratioOf = (trials: typeof run.trials) =>
    pooled([{ ...run, trials }])[0]?.ratioAtSameSpeed('rival', 'base', mean)
  const found = ratioOf(withCpu((repeat) => cpu[repeat] ?? 1))
  t.assert.equal(found?.pairs, 5)
  t.assert.equal(found?.isFair, true)
  t.assert.ok(Math.abs((found?.ratio.value ?? 0) - 0.8) < 0.002)
  // Not known: nothing is said.
  t.assert.equal(ratioOf(withCpu(() => 0)), null)
})
