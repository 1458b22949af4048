import { type TestContext, test } from 'node:test'
import { parseCompare } from '../config.ts'
import { UsageError } from '../flags.ts'
import { compareFlags, policyDefaults } from './flags.ts'

const flags = { ...policyDefaults, client: 'geth', out: 'x' }

test('seeds are a number, or a range', (t: TestContext) => {
  const read = (seeds: string) => {
    const { seed, repeats } = parseCompare(compareFlags({ ...flags, seeds }))
    return [seed, repeats]
  }
  t.assert.deepEqual(read('3'), [1, 3])
  t.assert.deepEqual(read('11-12'), [11, 2])
  t.assert.throws(() => read('4-2'), UsageError)
})

test('weighted least-connection is what the others are compared with, where it takes part', (t: TestContext) => {
  const baseline = (strategies: string) =>
    parseCompare(compareFlags({ ...flags, strategies })).baseline
  const name = 'weighted-least-connection'
  t.assert.equal(baseline(`round-robin,${name},state-space:hold=off`), name)
  t.assert.equal(baseline('round-robin,state-space'), 'round-robin')
})

test('the defaults are flags that a comparison takes', (t: TestContext) => {
  const config = parseCompare(compareFlags(flags))
  t.assert.equal(config.profiles.length, 5)
  t.assert.deepEqual([config.durationMs, config.warmupMs, config.budgetMs], [20_000, 8_000, null])
})
