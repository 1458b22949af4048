import { type TestContext, test } from 'node:test'
import type { StrategyName } from './balance/strategies.ts'
import { reportOf } from './state/test/quota-report.ts'
import { UnknownCores } from './unknown-cores.ts'
import { testClock, testUpstream } from './upstream/test/test-upstream.ts'

/** What was said, and who says it. */
function listening(strategy: StrategyName = 'state-space') {
  const told: unknown[] = []
  const warn = (details: object, message: string) => {
    told.push(details)
    if (!message.includes('--cores ID=N')) throw new Error(`names no flag: ${message}`)
  }
  return { told, cores: new UnknownCores(warn, () => strategy) }
}

const silent = { ...reportOf(0, 0), cap: {} }

test('an agent that does not tell what its node can do is named once, with the flag that helps', (t: TestContext) => {
  const { told, cores } = listening()
  const upstream = testUpstream('a', testClock())
  for (let i = 0; i < 3; i += 1) cores.ofReport(upstream, silent)
  t.assert.deepEqual(told, [{ node: 'a', strategy: 'state-space' }])
  cores.ofReport(testUpstream('b', testClock()), silent)
  t.assert.equal(told.length, 2)
})

test('nothing is said where cores are told, declared or not needed, or the container is gone', (t: TestContext) => {
  const { told, cores } = listening()
  const unknown = testUpstream('a', testClock())
  cores.ofReport(unknown, reportOf(0, 0, { cap: { cpus: 2 } }))
  cores.ofReport(unknown, { ...silent, raw: { quota_s: 0.05, period_s: 0.1 } })
  cores.ofReport(unknown, { ...silent, gone: true })
  cores.ofReport(testUpstream('b', testClock(), { cores: 2 }), silent)
  const plain = listening('least-connection')
  plain.cores.ofReport(unknown, silent)
  t.assert.deepEqual([...told, ...plain.told], [])
})
