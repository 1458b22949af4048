import { type TestContext, test } from 'node:test'
import { defaultChoice, meterOf, parseStrategy } from './balance/strategy-choice.ts'
import { Placement } from './placement.ts'
import { seededRng } from './rng.ts'
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
  return { placement, upstream, clock }
}
