import { type TestContext, test } from 'node:test'
import { defaultChoice, meterOf, parseStrategy } from './balance/strategy-choice.ts'
import { Exchange } from './exchange.ts'
import { Placement } from './placement.ts'
import { seededRng } from './rng.ts'
import { methods } from './rpc/methods.ts'
import { dispatcherDefaults } from './schedule/dispatcher.ts'
import { quotaReportOf, wallAtZeroMs } from './state/test/quota-report.ts'
import { cpuWork } from './state/work.ts'
import { CallStats } from './stats/call-stats.ts'
import { Fleet } from './upstream/fleet.ts'
import { testClock, testUpstream } from './upstream/test/test-upstream.ts'

const work = cpuWork(1)

test('a strategy that comes into force knows the last report, and how old it is', (t: TestContext) => {
  const { placement, upstream, clock } = placing()
  upstream.lastReport = {
    id: 'a',
    name: 'a',
    x: { cpu_pressure: 1 },
    cap: { cpus: 2 },
    raw: {},
    src: 'proc',
    age: 5,
  }
  upstream.reportedAtMs = 100
  clock.ms = 200
  placement.use(defaultChoice)
  t.assert.equal(upstream.meter.rung?.(), 'shared')
  clock.ms = 60_000
  placement.use(defaultChoice)
  t.assert.equal(upstream.meter.rung?.(), 'weighted')
  t.assert.equal(upstream.meter.cost(work), 2)
})

test('cores that the operator declared survive a change of strategy', (t: TestContext) => {
  const { placement, upstream } = placing(4)
  placement.use(parseStrategy('round-robin'))
  placement.use(defaultChoice)
  t.assert.equal(placement.strategy, 'state-space')
  t.assert.equal(upstream.meter.cost(work), 1.5)
})

test('cores that an agent told outlive it', (t: TestContext) => {
  const { placement, upstream } = placing(4)
  upstream.capacity = { cpus: 0.5 }
  upstream.lastReport = {
    id: 'a',
    name: 'a',
    x: {},
    cap: {},
    raw: {},
    src: 'proc',
    age: 0,
    gone: true,
  }
  placement.use(parseStrategy('weighted-least-connection'))
  t.assert.equal(upstream.meter.cost(work), 2)
  placement.renewMeter(upstream)
  t.assert.equal(upstream.meter.cost(work), 2)
})

test('a heavy read that finds as many waiting as may is refused, and counted', async (t: TestContext) => {
  const { placement, upstream, fleet, stats } = placing()
  upstream.health = 'up'
  fleet.refresh()
  upstream.meter = placement.meterFor(null)
  upstream.meter.report(quotaReportOf(0, 0), wallAtZeroMs)
  upstream.send = () => new Promise(() => {})
  const rule = methods.get('eth_getLogs')
  if (rule === undefined) throw new Error('no rule')
  const reader = { read: () => null, mayFlow: false, open: () => null }
  const errand = { ...reader, request: Buffer.alloc(0), rule, work: cpuWork(60) }
  const exchanges: Exchange[] = []
  const place = () => {
    const exchange = new Exchange(0, false)
    exchanges.push(exchange)
    return placement.place(errand, exchange)
  }
  const { maxHeld } = dispatcherDefaults
  // One has the node, and so many wait for it.
  const placed = Array.from({ length: 1 + maxHeld }, place)
  for (const one of placed) one.catch(() => {})
  t.assert.equal(placement.dispatcher.queued, maxHeld)
  t.assert.deepEqual([...stats.shed], [])
  await t.assert.rejects(place(), { code: 'OVERLOADED' })
  t.assert.deepEqual([...stats.shed], [['held', 1]])
  for (const { cancellation } of exchanges) cancellation.cancel()
  t.assert.equal(placement.dispatcher.queued, 0)
})

function placing(cores: number | null = null) {
  const clock = testClock()
  const upstream = testUpstream('a', clock, { cores })
  const fleet = new Fleet([upstream], { maxLagBlocks: 2, chainId: null })
  const stats = new CallStats([])
  const placement = new Placement(
    fleet,
    {
      choice: defaultChoice,
      meterOf: (choice, cores) => meterOf(choice, { clock, cores }),
      timeoutMs: 1_000,
    },
    stats,
    clock,
    seededRng(1),
  )
  return { placement, upstream, clock, fleet, stats }
}
