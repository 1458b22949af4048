import { type TestContext, test } from 'node:test'
import type { NodeReport } from '../../agents/report.ts'
import { NamedReports, type ReportSource, takeReport } from './report-intake.ts'
import { testClock, testUpstream } from './test/test-upstream.ts'

function reportOf(id: string, but: Partial<NodeReport> = {}): NodeReport {
  return { id, name: id, x: {}, cap: {}, raw: {}, src: 'proc', age: 0, ...but }
}

test('a node is found by id or name, by id first, and of two alike it is the first', (t: TestContext) => {
  const nodes = [
    reportOf('0123', { name: 'a', age: 1 }),
    reportOf('4567', { name: 'a', age: 2 }),
    reportOf('a', { name: 'b', age: 3 }),
    reportOf('a', { name: 'c', age: 4 }),
  ]
  const named = new NamedReports(nodes)
  t.assert.equal(named.of(['a'])?.age, 3)
  t.assert.equal(named.of(['4567'])?.age, 2)
  t.assert.equal(named.of(['c'])?.age, 4)
  t.assert.equal(named.of(['x', '0123', 'a'])?.age, 1)
  for (const names of [[], ['x'], ['constructor'], ['__proto__']]) {
    t.assert.equal(named.of(names), undefined)
  }
  t.assert.equal(new NamedReports(nodes.slice(0, 2)).of(['a'])?.age, 1)
})

test('who tells more is heard first; the others when that one is silent', (t: TestContext) => {
  const sources: readonly ReportSource[] = ['orca', 'pushed', 'pulled']
  for (const first of sources) {
    for (const second of sources) {
      const upstream = testUpstream('a', testClock())
      takeReport(upstream, reportOf('a'), first, 0)
      const isBetter = sources.indexOf(second) >= sources.indexOf(first)
      t.assert.equal(takeReport(upstream, reportOf('a'), second, 4_999), isBetter, first + second)
      const later = isBetter ? 9_999 : 5_000
      t.assert.equal(takeReport(upstream, reportOf('a'), second, later), true)
    }
  }
})

test('a capacity that was told stays when a later report has none', (t: TestContext) => {
  const upstream = testUpstream('a', testClock())
  takeReport(upstream, reportOf('a', { cap: { cpus: 2 } }), 'pulled', 0)
  takeReport(upstream, reportOf('a', { gone: true }), 'pulled', 250)
  t.assert.deepEqual([upstream.capacity, upstream.lastReport?.gone], [{ cpus: 2 }, true])
})
