import { type TestContext, test } from 'node:test'
import { methods } from '../rpc/methods.ts'
import { Costs } from './costs.ts'
import { LearnedWork } from './learned-work.ts'
import { LocalDelay } from './local-delay.ts'
import { isShortOfMemory } from './memory-guard.ts'
import { keepReporting, observer } from './test/observed-node.ts'
import { quotaReportOf, reportOf, wallAtZeroMs } from './test/quota-report.ts'
import { UsageWindows } from './usage-window.ts'
import { cpuWork } from './work.ts'

const work = cpuWork(1)

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

test('a node that fails at once does not look idle, and is forgiven a second later', (t: TestContext) => {
  const failing = observer(1)
  const fine = observer(1)
  for (let i = 0; i < 3; i++) {
    fine.dispatch(work, i)
    failing.settle(failing.dispatch(work, i), true, i)
  }
  t.assert.equal(failing.forecast(work), fine.forecast(work))
  failing.advance(900)
  t.assert.equal(failing.forecast(work), fine.forecast(work))
  failing.advance(1_200)
  t.assert.equal(failing.forecast(work), 3)
})

test('a node that was away is trusted with a tenth at first, and with all after 10 s', (t: TestContext) => {
  const node = observer(1)
  node.joined(20_001)
  node.advance(20_021)
  t.assert.ok(node.forecast(work) > 19)
  node.advance(25_001)
  t.assert.ok(Math.abs(node.forecast(work) - (1 + 2 / 0.55)) < 0.01)
  node.advance(30_002)
  t.assert.equal(node.forecast(work), 3)
})

test('... and so is one that fails five calls on end, from the last of them on', (t: TestContext) => {
  const node = observer(1)
  const fail = (ms: number) => node.settle(node.dispatch(work, ms), true, ms)
  for (let i = 0; i < 4; i++) fail(i)
  node.advance(2_000)
  t.assert.equal(node.forecast(work), 3)
  // Reports go on: its container runs, and that is all they say.
  keepReporting(node, 3_000)
  for (let ms = 3_000; ms < 8_000; ms += 500) fail(ms)
  node.advance(11_000)
  t.assert.equal(node.rung, 'weighted')
  const trust = 0.1 + (0.9 * (11_000 - 7_500)) / 10_000
  t.assert.ok(Math.abs(node.forecast(work) - (1 + 2 / (0.3 * trust))) < 0.1)
  // Trusted with little it gets few calls or none, and time alone brings it back.
  node.advance(17_600)
  t.assert.ok(Math.abs(node.forecast(work) - (1 + 2 / 0.3)) < 1e-9)
})

test('a container that was gone is trusted slowly from when it is seen again', (t: TestContext) => {
  const node = observer()
  keepReporting(node, 1_000)
  node.report({ ...quotaReportOf(1_250, 0), gone: true }, 1_250)
  node.report(quotaReportOf(60_000, 0), 60_000, wallAtZeroMs + 60_000)
  const cold = node.forecast(work)
  for (let ms = 60_250; ms <= 72_000; ms += 250) {
    node.report(quotaReportOf(ms, 0), ms, wallAtZeroMs + ms)
  }
  t.assert.ok(cold > 2 * node.forecast(work), `${cold} ${node.forecast(work)}`)
})

test('calls that their clients gave up say nothing of a node', (t: TestContext) => {
  const node = observer(1)
  const untouched = observer(1)
  const tickets = Array.from({ length: 20 }, (_, i) => node.dispatch(work, i))
  for (const ticket of tickets) node.abandon(ticket, 30)
  for (const one of [node, untouched]) one.advance(60)
  t.assert.equal(node.forecast(work), untouched.forecast(work))
})

test('a silence of an hour does not make the next one look usual', (t: TestContext) => {
  const node = observer()
  const hourMs = 3_600_000
  const keepOn = (fromMs: number, untilMs: number) => {
    for (let ms = fromMs; ms <= untilMs; ms += 250) {
      node.report(quotaReportOf(ms, 0), ms, wallAtZeroMs + ms)
    }
  }
  keepOn(0, 1_000)
  keepOn(hourMs, hourMs + 6_000)
  t.assert.equal(node.rung, 'quota')
  node.advance(hourMs + 6_000 + 15_000)
  t.assert.equal(node.rung, 'weighted')
})

test('one line that claims to be of another age changes nothing for those after it', (t: TestContext) => {
  const node = observer()
  keepReporting(node, 1_000)
  node.report({ ...quotaReportOf(1_250, 0), age: 1e308 }, 1_250, wallAtZeroMs + 1_250)
  t.assert.equal(node.rung, 'weighted')
  node.report(quotaReportOf(1_500, 0), 1_500, wallAtZeroMs + 1_500)
  t.assert.equal(node.rung, 'quota')
  node.advance(4_500)
  t.assert.equal(node.rung, 'weighted')
})
