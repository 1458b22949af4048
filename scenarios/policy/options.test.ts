import { type TestContext, test } from 'node:test'
import { UsageError } from '../flags.ts'
import { parseTrial, trialDefaults } from './options.ts'

const flags = { ...trialDefaults, client: 'geth', out: 'x' }

test('seeds are a number, or a range', (t: TestContext) => {
  t.assert.deepEqual(parseTrial({ ...flags, seeds: '3' }).seeds, [1, 2, 3])
  t.assert.deepEqual(parseTrial({ ...flags, seeds: '11-12' }).seeds, [11, 12])
  t.assert.throws(() => parseTrial({ ...flags, seeds: '4-2' }), UsageError)
})

test('weighted least-connection is what the others are compared with, where it takes part', (t: TestContext) => {
  const strategies = 'round-robin,weighted-least-connection,state-space:hold=off'
  t.assert.equal(parseTrial({ ...flags, strategies }).baseline, 'weighted-least-connection')
  const without = parseTrial({ ...flags, strategies: 'round-robin,state-space' })
  t.assert.equal(without.baseline, 'round-robin')
})

test('all that is wrong is told at once', (t: TestContext) => {
  const wrong = { ...flags, profile: 'equal,odd', load: '2', strategies: 'best', seeds: 'x' }
  t.assert.throws(
    () => parseTrial(wrong),
    (error) => error instanceof UsageError && error.problems.length >= 4,
  )
})
