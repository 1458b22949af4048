import { type TestContext, test } from 'node:test'
import type { StatePoint } from '../agents/report.ts'
import { OwnLoad } from './own-load.ts'
import { takeReport } from './upstream/report-intake.ts'
import { testClock, testUpstream } from './upstream/test/test-upstream.ts'

/** A proxy with a node for each point, of as many cores as it says. */
function proxyWith(
  t: TestContext,
  points: readonly (readonly [StatePoint | null, cores: number])[],
) {
  const clock = testClock()
  const counts = { answered: 0, failed: 0 }
  const readers = points.map(([x, cores], i) => {
    const upstream = testUpstream(`n${i}`, clock, { cores })
    t.after(() => upstream.close())
    const report = { id: `n${i}`, name: `n${i}`, cap: {}, raw: {}, src: 'proc', age: 0 }
    if (x !== null) takeReport(upstream, { ...report, x }, 'pulled', 0)
    return upstream
  })
  const load = new OwnLoad(() => ({ readers, head: 16 }), counts, clock)
  const told = () => JSON.parse((load.headers('JSON')[1] ?? '').replace(/^JSON /, ''))
  return { clock, counts, readers, load, told }
}

test('the load is the mean of the nodes by their cores', (t: TestContext) => {
  const { told, readers } = proxyWith(t, [
    [{ cpu: 1, cpu_pressure: 0.5 }, 1],
    [{ cpu: 0, cpu_pressure: 0.1 }, 3],
  ])
  const [first] = readers
  if (first !== undefined) first.inFlight = 7
  t.assert.deepEqual(told(), {
    cpu_utilization: 0.25,
    application_utilization: 0.2,
    utilization: { cpu_pressure: 0.2, cpu: 0.25 },
    named_metrics: { capacity_cpus: 4, in_flight: 7, nodes: 2, head_block: 16 },
    rps_fractional: 0,
    eps: 0,
  })
})

test('an axis is the mean of those who know it, and what nobody knows is not told', (t: TestContext) => {
  const { told } = proxyWith(t, [
    [{ cpu: 0.5 }, 1],
    [null, 1],
  ])
  t.assert.equal(told().cpu_utilization, 0.5)
  const silent = proxyWith(t, [[null, 2]]).told()
  t.assert.deepEqual(Object.keys(silent).sort(), ['eps', 'named_metrics', 'rps_fractional'])
})

test('a proxy without a node to send calls to is full', (t: TestContext) => {
  t.assert.equal(proxyWith(t, []).told().application_utilization, 1)
})

test('rates are over the last five to ten seconds in which somebody asked', (t: TestContext) => {
  const { clock, counts, told } = proxyWith(t, [[null, 1]])
  for (let second = 1; second <= 30; second += 1) {
    clock.ms = 1_000 * second
    counts.answered += 100
    counts.failed += second > 15 ? 10 : 0
    told()
  }
  t.assert.deepEqual([told().rps_fractional, told().eps], [100, 10])
})

test('it is made anew ten times a second at most', (t: TestContext) => {
  const { clock, counts, told } = proxyWith(t, [[null, 1]])
  clock.ms = 1_000
  counts.answered = 10
  t.assert.equal(told().rps_fractional, 10)
  counts.answered = 20
  clock.ms = 1_099
  t.assert.equal(told().rps_fractional, 10)
  clock.ms = 1_250
  t.assert.equal(told().rps_fractional, 16)
})

test('it is told in the form that is asked for', (t: TestContext) => {
  const { load } = proxyWith(t, [[{ cpu: 0.5 }, 1]])
  t.assert.match(load.headers('TEXT')[1] ?? '', /^TEXT cpu_utilization=0\.5,/)
  t.assert.deepEqual(
    load.headers('BIN').filter((_, i) => i % 2 === 0),
    ['endpoint-load-metrics', 'endpoint-load-metrics-bin'],
  )
})
