import { type TestContext, test } from 'node:test'
import { withoutMended } from './superseded.ts'
import { resultsOf } from './test/results-of.ts'

test('a contender that was mended is left out of what was measured before, and nobody else', (t: TestContext) => {
  const run = resultsOf({ base: [10, 10], prequal: [5, 5] })
  const before = withoutMended({ ...run, startedAt: '2026-11-22T00:00:00.000Z' })
  t.assert.deepEqual(before.parameters.contenders, ['base'])
  t.assert.deepEqual([...new Set(before.trials.map(({ contender }) => contender))], ['base'])
  const after = withoutMended({ ...run, startedAt: '2026-11-23T06:51:00.000Z' })
  t.assert.deepEqual(after.parameters.contenders, ['base', 'prequal'])
  t.assert.equal(after.trials.length, 4)
})
