import { type TestContext, test } from 'node:test'
import { methods } from '../rpc/methods.ts'
import { Costs } from './costs.ts'
import { LearnedWork } from './learned-work.ts'
import { LocalDelay } from './local-delay.ts'
import { isShortOfMemory } from './memory-guard.ts'
import { reportOf } from './test/quota-report.ts'
import { UsageWindows } from './usage-window.ts'

test('a node whose tasks wait for memory, or that holds nearly all of it, is short of it', (t: TestContext) => {
  const said = (x: { mem_pressure?: number; memory?: number }) =>
    isShortOfMemory(reportOf(0, 0, { x }))
  t.assert.deepEqual(
    [said({}), said({ memory: 0.97 }), said({ mem_pressure: 0.2 })],
    [false, false, false],
  )
  t.assert.deepEqual([said({ memory: 0.98 }), said({ mem_pressure: 0.21 })], [true, true])
})

test('a lost report makes a longer window, and a restarted counter none', (t: TestContext) => {
  const windows = new UsageWindows()
  t.assert.equal(windows.take(reportOf(0, 0), 3).kind, 'first')
  const long = windows.take(reportOf(750, 0.3), 760)
  t.assert.deepEqual(long.kind === 'window' && [long.dtMs, long.cores], [750, 0.4])
  t.assert.equal(windows.take(reportOf(750, 0.3), 1_000).kind, 'stale')
  const { x: _, ...restarted } = reportOf(1_000, 0.01)
  const window = windows.take({ ...restarted, x: {} }, 1_010)
  t.assert.equal(window.kind === 'window' && window.cores, null)
  t.assert.equal(windows.take(reportOf(500, 0.02), 1_300).kind, 'first')
})

test('a node where calls of a method take longer is known after twenty of them, and forgiven in time', (t: TestContext) => {
  const costs = new Costs()
  const rule = methods.get('eth_getProof')
  const work = rule === undefined ? null : costs.of('eth_getProof', rule)
  if (!(work instanceof LearnedWork)) throw new Error('no work')
  const slow = new LocalDelay()
  const usual = new LocalDelay()
  for (let i = 0; i < 20; i++) {
    slow.learn(work, 12, 200 * i)
    usual.learn(work, i % 2 === 0 ? 0.1 : 0.5, 200 * i)
  }
  t.assert.ok(slow.of(work, 4_000) > 8 && slow.of(work, 4_000) < 14)
  t.assert.equal(usual.of(work, 4_000), 0)
  t.assert.equal(slow.of(work, 100_000), 0)
})
