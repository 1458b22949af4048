import { type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import fc from 'fast-check'
import { methods } from '../rpc/methods.ts'
import { Costs } from './costs.ts'
import { NodeObserver } from './node-observer.ts'
import { keepReporting, observer } from './test/observed-node.ts'
import { quotaReportOf, reportOf, wallAtZeroMs } from './test/quota-report.ts'
import { cpuWork, type Work } from './work.ts'

const work = cpuWork(1)

test('before any report a node goes by calls in flight over cores', (t: TestContext) => {
  const unknown = observer()
  t.assert.equal(unknown.rung, 'unweighted')
  t.assert.equal(unknown.forecast(cpuWork(3)), 3 * (1 + 2))
  const declared = observer(4)
  t.assert.equal(declared.rung, 'weighted')
  declared.dispatch(work, 0)
  t.assert.equal(declared.forecast(work), 1 + 2 * (2 / 4))
})

test('what a node is believed to be follows from what its agent reports', (t: TestContext) => {
  const node = observer()
  node.report(reportOf(0, 0), 0, wallAtZeroMs)
  t.assert.equal(node.rung, 'shared')
  node.report(quotaReportOf(250, 0), 250)
  t.assert.equal(node.rung, 'quota-guessed')
  node.report(quotaReportOf(500, 0), 500, wallAtZeroMs + 500)
  t.assert.equal(node.rung, 'quota')
  node.report(reportOf(750, 0), 750, wallAtZeroMs + 750)
  t.assert.equal(node.rung, 'shared')
})

test('a quota that the CPUs could never use up is none', (t: TestContext) => {
  const node = observer()
  const { raw, ...report } = quotaReportOf(0, 0)
  node.report({ ...report, cap: { cpus: 2 }, raw: { ...raw, quota_s: 0.4 } }, 0, wallAtZeroMs)
  t.assert.equal(node.rung, 'shared')
})

test('physics that is forced is taken whatever is reported', (t: TestContext) => {
  const sharing = new NodeObserver({ cores: null, choice: 'processor-sharing', costs: new Costs() })
  sharing.report(quotaReportOf(0, 0), 0, wallAtZeroMs)
  t.assert.equal(sharing.rung, 'shared')
  const quota = new NodeObserver({ cores: null, choice: 'quota', costs: new Costs() })
  quota.report(reportOf(0, 0), 0)
  quota.dispatch(cpuWork(10), 0)
  t.assert.ok(Number.isFinite(quota.forecast(work)))
})

test('a silent agent leaves weighted least-connection by the last capacity', (t: TestContext) => {
  const node = observer()
  keepReporting(node, 1_000, 0.2)
  t.assert.equal(node.rung, 'quota')
  node.dispatch(work, 1_100)
  node.advance(3_200)
  t.assert.equal(node.rung, 'quota')
  node.advance(3_300)
  t.assert.equal(node.rung, 'weighted')
  t.assert.equal(node.forecast(work), 1 + 2 * (2 / 0.3))
})

test('figures that are told again are no news', (t: TestContext) => {
  const node = observer()
  keepReporting(node, 500)
  for (let ms = 750; ms < 4_000; ms += 250) {
    node.report(quotaReportOf(500, 0), ms, wallAtZeroMs + ms)
  }
  t.assert.equal(node.rung, 'weighted')
})

test('calls in flight survive a change of physics', (t: TestContext) => {
  const node = observer()
  const tickets = [1, 2, 3].map((ms) => node.dispatch(cpuWork(10), ms))
  node.report(quotaReportOf(4, 0), 4, wallAtZeroMs + 4)
  const crowded = node.forecast(work)
  for (const ticket of tickets) node.settle(ticket, false, 10)
  t.assert.ok(node.forecast(work) < crowded)
  t.assert.throws(() => node.settle(tickets[0] ?? 0, false, 11), RangeError)
})

test('work of others is seen as work: what is used and was not ours', (t: TestContext) => {
  const alone = observer()
  const beside = observer()
  // A call of 15 ms in each 100 ms that takes 30 to come back, and 0.1 cores of others at `beside`.
  for (let ms = 0; ms < 5_000; ms += 50) {
    for (const node of [alone, beside]) {
      if (ms % 100 === 0) node.settle(node.dispatch(cpuWork(15), ms), false, ms + 30)
      const cores = node === alone ? 0.15 : 0.25
      const report = quotaReportOf(ms + 49, (cores * (ms + 49)) / 1000)
      if (ms % 250 === 0) node.report(report, ms + 49, wallAtZeroMs + ms + 49)
    }
  }
  const spare = [alone, beside].map((node) => node.forecast(cpuWork(120)))
  t.assert.ok((spare[1] ?? 0) > 1.3 * (spare[0] ?? 0), String(spare))
})

test('latencies of a throttled node do not move the cost', (t: TestContext) => {
  const costs = new Costs()
  const [light, heavy] = ['eth_getBalance', 'debug_traceCall'].map((name) => workOf(costs, name))
  if (light === undefined || heavy === undefined) throw new Error('no works')
  const node = observer(null, costs)
  keepReporting(node, 250)
  for (let i = 0; i < 200; i++) {
    const ms = 300 + 100 * i
    if (i % 5 === 0) node.report(quotaReportOf(ms, 0.02 * i), ms, wallAtZeroMs + ms)
    node.settle(node.dispatch(light, ms), false, ms + 0.4)
  }
  const learned = light.cpuMs
  t.assert.ok(learned < 0.6, String(learned))
  for (let i = 200; i < 400; i++) {
    const ms = 300 + 100 * i
    if (i % 5 === 0) node.report(quotaReportOf(ms, 0.02 * i), ms, wallAtZeroMs + ms)
    // Two traces use the quota up by 15 ms; the light call waits for the next period.
    const traces = [node.dispatch(heavy, ms), node.dispatch(heavy, ms)]
    const ticket = node.dispatch(light, ms + 40)
    node.settle(ticket, false, ms + 100)
    for (const trace of traces) node.settle(trace, false, ms + 100)
  }
  t.assert.equal(light.cpuMs, learned)
})

test('under a quota, what is slow on one node alone is avoided there, and nothing else', (t: TestContext) => {
  const costs = new Costs()
  const [slow, usual] = [observer(null, costs), observer(null, costs)]
  const [proof, chainId] = [workOf(costs, 'eth_getProof'), workOf(costs, 'eth_chainId')]
  const ends: (() => void)[] = []
  // One each 25 ms on each node; on the slow one three are under way at all times.
  for (let ms = 0; ms < 2_000; ms += 25) {
    if (ms % 250 === 0) {
      for (const node of [slow, usual]) {
        node.report(quotaReportOf(ms, 0.05 * (ms / 1000)), ms, wallAtZeroMs + ms)
      }
    }
    const slowTicket = slow.dispatch(proof, ms)
    for (const [node, work] of [
      [usual, proof],
      [usual, chainId],
      [slow, chainId],
    ] as const) {
      node.settle(node.dispatch(work, ms), false, ms + 1)
    }
    ends.push(() => slow.settle(slowTicket, false, ms + 75))
    if (ends.length > 3) ends.shift()?.()
  }
  for (const end of ends) end()
  t.assert.ok(slow.forecast(proof) > 5 * usual.forecast(proof))
  t.assert.ok(slow.forecast(chainId) < 5 * usual.forecast(chainId))
})

test('whatever happens, asking changes nothing and the end is as the beginning', (t: TestContext) => {
  const event = fc.record({
    afterMs: fc.double({ min: 0, max: 700, noNaN: true }),
    what: fc.constantFrom(
      ...['call', 'call', 'end', 'end', 'fail', 'give-up', 'report', 'quota', 'gone', 'joined'],
    ),
    costMs: fc.double({ min: 0.01, max: 500, noNaN: true }),
    pick: fc.nat(50),
  })
  const run = (
    events: readonly (typeof event extends fc.Arbitrary<infer E> ? E : never)[],
  ): void => {
    const node = observer(2)
    const twin = observer(2)
    const open: number[] = []
    let ms = 0
    let usageS = 0
    for (const { afterMs, what, costMs, pick } of events) {
      ms += afterMs
      usageS += (afterMs / 1000) * (pick / 100)
      for (const each of [node, twin]) {
        if (what === 'call') {
          const ticket = each.dispatch({ ...cpuWork(costMs), diskMs: pick > 40 ? 5 : 0 }, ms)
          if (each === node) open.push(ticket)
        }
        if (what === 'report') each.report(reportOf(ms, usageS), ms, wallAtZeroMs + ms)
        if (what === 'quota') each.report(quotaReportOf(ms, usageS), ms, wallAtZeroMs + ms)
        if (what === 'gone') each.report({ ...reportOf(ms, 0), gone: true }, ms)
      }
      if (what === 'joined') for (const each of [node, twin]) each.joined(ms)
      const isEnd = what === 'end' || what === 'fail' || what === 'give-up'
      const [ticket] = isEnd ? open.splice(pick % (open.length || 1), 1) : []
      if (ticket !== undefined) {
        for (const each of [node, twin]) {
          if (what === 'give-up') each.abandon(ticket, ms)
          else each.settle(ticket, what === 'fail', ms)
        }
      }
      node.advance(ms)
      const seen = node.forecast(work)
      t.assert.ok(seen >= 0 && Number.isFinite(seen), `${seen} after ${what}`)
      for (let i = 0; i < 3; i++) {
        node.advance(ms)
        node.predicted()
        t.assert.equal(node.forecast(work), seen)
      }
      twin.advance(ms)
      t.assert.equal(twin.forecast(work), seen)
    }
    for (const ticket of open) node.settle(ticket, false, ms)
    node.advance(ms + 1e6)
    const told = events.findLast(({ what }) => what === 'report' || what === 'quota')
    t.assert.equal(node.forecast(work), 1 + 2 * (1 / (told === undefined ? 2 : 0.3)))
  }
  fc.assert(fc.property(fc.array(event, { maxLength: 60 }), run), { numRuns: 300 })
})

test('all observers have one shape, whatever they have been through', (t: TestContext) => {
  setFlagsFromString('--allow-natives-syntax')
  const haveSameMap = new Function('a', 'b', 'return %HaveSameMap(a, b)')
  const costs = new Costs()
  const old = observer(null, costs)
  keepReporting(old, 1_000, 0.1)
  for (let i = 0; i < 100; i++)
    old.settle(old.dispatch(workOf(costs, 'eth_call'), i), i > 90, i + 1)
  t.assert.ok(haveSameMap(old, observer(2)))
  t.assert.ok(haveSameMap(workOf(costs, 'eth_call'), workOf(costs, 'eth_getProof')))
})

test('a million calls make no objects', (t: TestContext) => {
  const costs = new Costs()
  const works = ['eth_chainId', 'eth_call', 'eth_getLogs'].map((name) => workOf(costs, name))
  const node = observer(null, costs)
  keepReporting(node, 250)
  let bytes = 0
  for (let round = 0; round < 110; round++) {
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 10_000; i++) {
      const called = works[i % works.length] ?? work
      // Fractions that are passed on are numbers on the heap, of 16 bytes; a few are made.
      const ms = 300 + round
      node.advance(ms)
      node.forecast(called)
      node.settle(node.dispatch(called, ms), false, ms)
    }
    // A collection makes it shrink; the first rounds are compiled.
    if (round >= 10) bytes += Math.max(0, process.memoryUsage().heapUsed - before)
  }
  // Two or three of those numbers are (37 to 44 bytes): one object more, of 24 or more, would show.
  t.assert.ok(bytes / 1e6 < 56, `${bytes / 1e6} bytes a call`)
})

function workOf(costs: Costs, name: string): Work {
  const rule = methods.get(name)
  if (rule === undefined) throw new Error(`no ${name}`)
  return costs.of(name, rule)
}
