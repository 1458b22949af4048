import { type TestContext, test } from 'node:test'
import type { NodeReport } from '../../agents/report.ts'
import { NodeLoad } from './node-load.ts'
import { takeReport } from './report-intake.ts'
import { parseHead } from './response-head.ts'
import { testClock, testUpstream } from './test/test-upstream.ts'

const said = (text: string) => ({ plain: text, binary: null })

test('what a node says of its load is its report, aged by when it came', (t: TestContext) => {
  const { clock, upstream, load } = loaded()
  clock.ms = 1_000
  load.hear(said('TEXT cpu_utilization=0.5,named_metrics.capacity_cpus=2'))
  t.assert.deepEqual(upstream.lastReport?.x, { cpu: 0.5 })
  t.assert.deepEqual([upstream.lastReport?.src, upstream.reportedAtMs], ['orca', 1_000])
  t.assert.deepEqual(upstream.capacity, { cpus: 2 })
  t.assert.deepEqual([load.taken, load.refused], [1, 0])
})

test('what is no report changes nothing, and is counted with its reason', (t: TestContext) => {
  const { clock, upstream, load } = loaded()
  load.hear(said('TEXT cpu_utilization=0.5'))
  clock.ms = 1_000
  load.hear(said('TEXT cpu_utilization=NaN'))
  t.assert.deepEqual(upstream.lastReport?.x, { cpu: 0.5 })
  t.assert.equal(upstream.reportedAtMs, 0)
  t.assert.deepEqual([load.taken, load.refused], [1, 1])
  t.assert.match(load.lastProblem ?? '', /NaN/)
})

test('of a report with every answer ten a second are read, wrong ones too', (t: TestContext) => {
  const { clock, load } = loaded()
  for (; clock.ms < 1_000; clock.ms += 1) {
    load.hear(said(clock.ms % 200 === 0 ? 'TEXT eps=1' : 'TEXT eps=-1'))
  }
  t.assert.deepEqual([load.taken, load.refused], [5, 5])
})

test('an agent is heard before the node itself, for as long as it speaks', (t: TestContext) => {
  const { clock, upstream, load } = loaded()
  t.assert.equal(takeReport(upstream, reportOf({ cpu: 0.9 }), 'pulled', 0, 7), true)
  for (clock.ms = 500; clock.ms < 5_000; clock.ms += 500) load.hear(said('TEXT cpu_utilization=0'))
  t.assert.deepEqual([upstream.lastReport?.x, load.taken], [{ cpu: 0.9 }, 0])
  load.hear(said('TEXT cpu_utilization=0.1'))
  t.assert.deepEqual([upstream.lastReport?.x, load.taken], [{ cpu: 0.1 }, 1])
  t.assert.equal(takeReport(upstream, reportOf({ cpu: 0.8 }), 'pushed', clock.ms), true)
  t.assert.equal(takeReport(upstream, reportOf({ cpu: 0.7 }), 'pulled', clock.ms), true)
  t.assert.equal(takeReport(upstream, reportOf({ cpu: 0.6 }), 'pushed', clock.ms), false)
})

test('a head is read for a load in either of its names, and twice is none', (t: TestContext) => {
  const headers = (...lines: string[]) =>
    parseHead(['HTTP/1.1 200 OK', 'content-length: 1', ...lines].join('\r\n')).headers
  t.assert.deepEqual(headers('X-Twenty-Five-Characters: 1', 'x-other-of-twentyone: 1'), {
    'content-length': '1',
  })
  t.assert.deepEqual(
    headers('Endpoint-Load-Metrics: TEXT eps=1', 'endpoint-load-metrics-BIN: CQ'),
    {
      'content-length': '1',
      'endpoint-load-metrics': 'TEXT eps=1',
      'endpoint-load-metrics-bin': 'CQ',
    },
  )
  const twice = headers('endpoint-load-metrics: TEXT eps=1', 'endpoint-load-metrics: TEXT eps=1')
  const { load } = loaded()
  load.hear({ plain: twice['endpoint-load-metrics'] ?? null, binary: null })
  t.assert.deepEqual([load.taken, load.refused], [0, 1])
})

function loaded() {
  const clock = testClock()
  const upstream = testUpstream('a', clock)
  return { clock, upstream, load: new NodeLoad(upstream, clock) }
}

function reportOf(x: NodeReport['x']): NodeReport {
  return { id: 'a', name: 'a', x, cap: {}, raw: {}, src: 'proc', age: 0 }
}
