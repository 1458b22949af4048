import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { NodeReport, Report } from '../../agents/report.ts'
import { PredictedState } from '../balance/predicted-state.ts'
import { Costs } from '../state/costs.ts'
import { NodeObserver } from '../state/node-observer.ts'
import { PushError, PushedReports } from './pushed-reports.ts'
import { takeReport } from './report-intake.ts'
import { testClock, testUpstream } from './test/test-upstream.ts'

function reportOf(id: string, but: Partial<NodeReport> = {}): NodeReport {
  return { id, name: id, x: { cpu: 0.5 }, cap: { cpus: 2 }, raw: {}, src: 'proc', age: 0, ...but }
}

function line(seq: number, nodes: readonly NodeReport[], but: Partial<Report> = {}): unknown {
  return { v: 1, host: 'far', boot: 1_000, seq, t: 7, interval: 250, nodes, ...but }
}

function receiving() {
  const clock = testClock()
  const a = testUpstream('a', clock)
  const b = testUpstream('b', clock)
  const upstreams = [a, b]
  const told: string[] = []
  const pushed = new PushedReports(
    () => upstreams,
    clock,
    ({ id }, { x }, sent) => told.push(`${id} ${x.cpu} ${sent}`),
  )
  return { clock, a, b, upstreams, pushed, told }
}

/** Why nothing was taken. */
function refusal(pushed: PushedReports, value: unknown): string {
  try {
    pushed.take(value)
    return 'taken'
  } catch (error) {
    if (error instanceof PushError) return error.reason
    throw error
  }
}

test('a pushed report reaches the nodes that it names, aged by when it came', (t: TestContext) => {
  const { clock, a, b, pushed, told } = receiving()
  clock.ms = 1_000
  const nodes = [reportOf('a', { age: 40 }), reportOf('0123abcd', { name: 'b', x: { cpu: 0.25 } })]
  t.assert.deepEqual(pushed.take(line(1, nodes)), { taken: 2, unknown: [] })
  t.assert.deepEqual(
    [a.lastReport?.x, a.reportedAtMs, a.capacity],
    [{ cpu: 0.5 }, 960, { cpus: 2 }],
  )
  t.assert.deepEqual(b.lastReport?.x, { cpu: 0.25 })
  t.assert.deepEqual(told, ['a 0.5 7', 'b 0.25 7'])
})

test('nodes of others are told back, and a report of none of ours is refused', (t: TestContext) => {
  const { pushed, upstreams, clock } = receiving()
  const nodes = [reportOf('a'), reportOf('x')]
  t.assert.deepEqual(pushed.take(line(1, nodes)), { taken: 1, unknown: ['x'] })
  t.assert.equal(refusal(pushed, line(2, [reportOf('x')])), 'unknown')
  t.assert.equal(refusal(pushed, line(3, [])), 'unknown')
  upstreams.push(testUpstream('x', clock))
  t.assert.deepEqual(pushed.take(line(4, [reportOf('x')])), { taken: 1, unknown: [] })
})

test('what was sent once changes nothing when it is sent again', (t: TestContext) => {
  const { clock, a, pushed } = receiving()
  pushed.take(line(5, [reportOf('a', { x: { cpu: 0.1 } })]))
  pushed.take(line(6, [reportOf('a', { x: { cpu: 0.9 } })]))
  clock.ms = 3_000
  for (const seq of [5, 6, 0])
    t.assert.equal(refusal(pushed, line(seq, [reportOf('a')])), 'replayed')
  t.assert.deepEqual([a.lastReport?.x, a.reportedAtMs], [{ cpu: 0.9 }, 0])
  t.assert.deepEqual(
    [...pushed.refused],
    [
      ['malformed', 0],
      ['unknown', 0],
      ['replayed', 3],
    ],
  )
})

test('what is no report, or does not say of which run it is, is refused with its reason', (t: TestContext) => {
  const { a, pushed } = receiving()
  const { boot: _, ...pulled } = line(1, [reportOf('a')]) as Record<string, unknown>
  for (const value of [
    null,
    [],
    'x',
    {},
    pulled,
    line(1, [reportOf('a')], { boot: Number.NaN }),
    line(1, [reportOf('a')], { boot: -1 }),
    line(Number.NaN, [reportOf('a')]),
    line(1, [reportOf('a', { x: { cpu: 1.1 } })]),
    line(1, [reportOf('a', { x: { cpu: Number.POSITIVE_INFINITY } })]),
    line(1, [reportOf('a', { age: -1 })]),
    line(1, new Array(5_000).fill(reportOf('a'))),
  ]) {
    t.assert.equal(refusal(pushed, value), 'malformed', JSON.stringify(value)?.slice(0, 80))
  }
  t.assert.throws(() => pushed.take(pulled), /no report: boot: want a finite number/)
  t.assert.equal(a.lastReport, null)
})

test('of dimensions without number those count that are known', (t: TestContext) => {
  const { a, pushed } = receiving()
  const x = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`d${i}`, 1e300]))
  pushed.take(line(1, [reportOf('a', { x: { ...x, cpu: 0.5 } })]))
  t.assert.deepEqual(a.lastReport?.x, { cpu: 0.5 })
})

test('figures as old as the world make a node unknown', (t: TestContext) => {
  const { a, clock, pushed } = receiving()
  const observer = new NodeObserver({ cores: null, choice: 'auto', costs: new Costs() })
  a.meter = new PredictedState(observer, clock)
  pushed.take(line(1, [reportOf('a', { age: 1e300 })]))
  t.assert.deepEqual([a.meter.rung?.(), a.isShortOfMemory], ['weighted', false])
})

test('an agent that is read is heard before one that pushes', (t: TestContext) => {
  const { clock, a, pushed, told } = receiving()
  takeReport(a, reportOf('a', { x: { cpu: 0.75 } }), 'pulled', 0)
  t.assert.deepEqual(pushed.take(line(1, [reportOf('a')])), { taken: 1, unknown: [] })
  t.assert.deepEqual([a.lastReport?.x, told], [{ cpu: 0.75 }, []])
  clock.ms = 5_000
  pushed.take(line(2, [reportOf('a')]))
  t.assert.deepEqual([a.lastReport?.x, told.length], [{ cpu: 0.5 }, 1])
})

test('an agent that pushes is known by its host, with what was lost, until it is silent', (t: TestContext) => {
  const { clock, pushed } = receiving()
  for (const seq of [1, 2, 5]) pushed.take(line(seq, [reportOf('a')]))
  pushed.take(line(0, [reportOf('a')], { boot: 2_000 }))
  const [agent] = pushed.agents
  t.assert.deepEqual([agent?.host, agent?.reports, agent?.gaps, agent?.up], ['far', 4, 2, true])
  clock.ms = 5_001
  t.assert.deepEqual([agent?.up, agent?.reportAgeMs], [false, 5_001])
  pushed.take(line(1, [reportOf('a')], { boot: 2_000, interval: 10_000 }))
  clock.ms += 30_000
  t.assert.equal(agent?.up, true)
})

test('agents are remembered up to a bound, those who spoke last', (t: TestContext) => {
  const { pushed } = receiving()
  for (let i = 0; i < 3_000; i += 1) {
    pushed.take(line(1, [reportOf('a')], { host: `h${i}`, boot: 1_000 + i }))
    if (i % 100 === 0) pushed.take(line(i, [reportOf('b')], { host: 'steady', boot: 1 + i }))
  }
  const hosts = pushed.agents.map(({ host }) => host)
  t.assert.equal(hosts.length, 1_024)
  t.assert.ok(hosts.includes('steady') && hosts.includes('h2999') && !hosts.includes('h0'))
})

test('a node whose agent stops to push is believed less and less, as with any other', (t: TestContext) => {
  /** How much is known of a node at each quarter of a second; its agent tells for the first ten. */
  const rungs = (tell: (at: ReturnType<typeof receiving>, report: NodeReport) => void) => {
    const at = receiving()
    const { a, clock } = at
    const observer = new NodeObserver({ cores: null, choice: 'auto', costs: new Costs() })
    a.meter = new PredictedState(observer, clock)
    return Array.from({ length: 40 }, (_, i) => {
      clock.ms = 250 * i
      const raw = { at_ms: clock.ms, cpu_usage_s: 0.1 * i }
      if (i < 10) tell(at, reportOf('a', { raw }))
      return a.meter.rung?.()
    })
  }
  const pulled = rungs(({ a, clock }, report) => takeReport(a, report, 'pulled', clock.ms, 7))
  const pushed = rungs(({ pushed, clock }, report) => pushed.take(line(clock.ms, [report])))
  t.assert.deepEqual(pushed, pulled)
  t.assert.deepEqual([pulled[5], pulled.at(-1)], ['shared', 'weighted'])
})

test('whatever is pushed, a node is either as it was or within its bounds', (t: TestContext) => {
  const number = fc.oneof(fc.double(), fc.constantFrom(0, 1, -1, 1e308, Number.NaN, Infinity))
  const node = fc.record(
    {
      id: fc.constantFrom('a', 'b', 'x', '', '__proto__'),
      name: fc.oneof(fc.constant('a'), fc.string(), fc.double()),
      gone: fc.oneof(fc.boolean(), fc.string()),
      x: fc.oneof(
        fc.dictionary(fc.constantFrom('cpu', 'memory', 'cpu_pressure', 'gpu'), number),
        fc.anything(),
      ),
      cap: fc.oneof(fc.dictionary(fc.constantFrom('cpus', 'mem'), number), fc.anything()),
      raw: fc.oneof(
        fc.dictionary(fc.constantFrom('at_ms', 'cpu_usage_s'), number),
        fc.constant({}),
      ),
      src: fc.constantFrom('proc', ''),
      age: number,
    },
    { requiredKeys: ['id', 'x', 'cap', 'raw', 'src', 'age'] },
  )
  const report = fc.record({
    v: fc.constantFrom(1, 2),
    host: fc.constantFrom('h', ''),
    boot: number,
    seq: number,
    t: number,
    interval: number,
    nodes: fc.oneof(fc.array(node, { maxLength: 4 }), fc.anything()),
  })
  fc.assert(
    fc.property(fc.array(fc.oneof(report, fc.anything()), { maxLength: 20 }), (values) => {
      const { a, b, pushed, clock } = receiving()
      const observer = new NodeObserver({ cores: null, choice: 'auto', costs: new Costs() })
      a.meter = new PredictedState(observer, clock)
      for (const value of values) {
        clock.ms += 250
        refusal(pushed, value)
        for (const { lastReport, capacity } of [a, b]) {
          for (const share of Object.values(lastReport?.x ?? {}))
            t.assert.ok(share >= 0 && share <= 1)
          for (const limit of Object.values(capacity ?? {})) t.assert.ok(limit > 0)
        }
        const cost = a.meter.cost({ key: 'eth_call', kind: 'read', cpuMs: 1, diskMs: 0 })
        t.assert.ok(cost >= 0, `${cost}`)
      }
    }),
    { numRuns: 500, seed: 17 },
  )
})
