import { type TestContext, test } from 'node:test'
import { cpuWork } from '../state/work.ts'
import type { LoadMeter } from './meter.ts'
import { type StrategyName, strategyNames } from './strategies.ts'
import { type Scenario, type SimulatedNode, simulate } from './test/simulation.ts'

/** Four equal nodes at 80 % of what they can do. */
const equal: Omit<Scenario, 'strategy'> = {
  cores: [1, 1, 1, 1],
  calls: 10_000,
  callsPerMs: 0.8,
  workMs: 4,
  reportMs: 250,
}

test('round-robin gives each node the same number of calls, to one', (t: TestContext) => {
  for (const cores of [[1], [1, 1, 1], [0.5, 1, 2, 4, 8, 1, 1]]) {
    const counts = simulate({ ...equal, strategy: 'round-robin', cores }).map(({ calls }) => calls)
    t.assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, String(counts))
  }
})

test('least-connection is even on equal nodes, and an idle fleet is not led by the first', (t: TestContext) => {
  for (const callsPerMs of [0.8, 0.001]) {
    for (const share of shares(simulate({ ...equal, strategy: 'least-connection', callsPerMs }))) {
      within(t, share, 0.25, 0.05)
    }
  }
})

test('every strategy but nearest-origin is even on equal nodes', (t: TestContext) => {
  for (const strategy of strategyNames) {
    if (strategy === 'nearest-origin') continue
    const nodes = simulate({ ...equal, strategy, declared: true })
    for (const share of shares(nodes)) within(t, share, 0.25, 0.06, strategy)
  }
})

test('... and so it is where every call meets an idle fleet: ties are broken by chance', (t: TestContext) => {
  for (const strategy of strategyNames) {
    if (strategy === 'nearest-origin') continue
    const idle = { ...equal, strategy, declared: true, callsPerMs: 0.001, reportMs: 5_000 }
    // Prequal goes by the latencies that it saw last, and those of a sample differ.
    const ratio = strategy === 'prequal' ? 0.2 : 0.06
    for (const share of shares(simulate(idle))) within(t, share, 0.25, ratio, strategy)
  }
})

test('state-space gives each node its share of the cores where nodes differ', (t: TestContext) => {
  const cores = [0.5, 1, 2, 4]
  const nodes = simulate({ ...equal, strategy: 'state-space', cores, workMs: 10, callsPerMs: 0.75 })
  const all = cores.reduce((sum, own) => sum + own, 0)
  shares(nodes).forEach((share, i) => {
    within(t, share * all, cores[i] ?? 0, 0.25)
  })
})

test('least-connection does not see that nodes differ', (t: TestContext) => {
  const scenario = { ...equal, cores: [0.5, 1, 2, 4], workMs: 10, callsPerMs: 0.5 }
  const [blind = 0] = shares(simulate({ ...scenario, strategy: 'least-connection' }))
  const [seeing = 0] = shares(simulate({ ...scenario, strategy: 'state-space' }))
  t.assert.ok(blind > 2 * seeing, `${blind} of the smallest node, ${seeing} when seen`)
})

test('nearest-origin herds: between two reports all calls go to one node', (t: TestContext) => {
  // Real nodes differ in the memory they hold, so that no two idle ones tie.
  const lie: Scenario['lie'] = (index, truth) => ({ ...truth, memory: 0.2 + index / 100 })
  for (const reportMs of [250, 1_000, 5_000]) {
    const nodes = simulate({ ...equal, strategy: 'nearest-origin', reportMs, lie })
    for (const share of largestShares(nodes)) t.assert.equal(share, 1)
  }
})

test('state-space does not herd, however rare the reports', (t: TestContext) => {
  for (const reportMs of [250, 1_000, 5_000]) {
    const nodes = simulate({ ...equal, strategy: 'state-space', reportMs })
    for (const share of largestShares(nodes)) t.assert.ok(share < 0.5, `${share} at ${reportMs} ms`)
  }
})

test('a node that always says it is idle does not attract all calls', (t: TestContext) => {
  const lie: Scenario['lie'] = (index, truth) => (index === 0 ? { cpu: 0, cpu_pressure: 0 } : truth)
  const [frozen = 1] = shares(simulate({ ...equal, strategy: 'state-space', lie }))
  t.assert.ok(frozen < 0.32, String(frozen))
  const [attracts = 0] = shares(simulate({ ...equal, strategy: 'nearest-origin', lie }))
  t.assert.ok(attracts > 0.5, String(attracts))
})

test('a node that always says it is saturated still takes calls when the others are busy', (t: TestContext) => {
  const lie: Scenario['lie'] = (index, truth) => (index === 0 ? { cpu: 1, cpu_pressure: 1 } : truth)
  const [avoided = 0] = shares(simulate({ ...equal, strategy: 'state-space', lie }))
  t.assert.ok(avoided > 0.02 && avoided < 0.25, String(avoided))
})

test('without any report state-space spreads calls as least-connection does', (t: TestContext) => {
  const { reportMs: _, ...silent } = equal
  const simulated = simulate({ ...silent, strategy: 'state-space', hold: 'off' })
  const plain = simulate({ ...silent, strategy: 'least-connection' })
  t.assert.deepEqual(shares(simulated), shares(plain))
})

test('when all calls have ended every meter is where it began', (t: TestContext) => {
  const work = cpuWork(1)
  for (const strategy of strategyNames) {
    const { reportMs: _, ...silent } = equal
    const before = simulate({ ...silent, strategy, calls: 0 })
    const after = simulate({ ...silent, strategy })
    t.assert.equal(
      after.reduce((sum, { calls }) => sum + calls, 0),
      equal.calls,
    )
    after.forEach(({ meter, inFlight }, i) => {
      t.assert.equal(inFlight, 0)
      // What Peak-EWMA has heard stays with it: one mean round trip for each call, and none is left.
      if (strategy === 'peak-ewma') t.assert.equal(meter.cost(work), costOfSecond(meter) / 2)
      else t.assert.equal(meter.cost(work), before[i]?.meter.cost(work), strategy)
    })
  }
})

test('asking for the cost changes nothing: the same calls go to the same nodes', (t: TestContext) => {
  for (const strategy of strategyNames) {
    t.assert.deepEqual(callsWhenAsked(strategy, 50), callsWhenAsked(strategy, 0), strategy)
  }
})

/** What another call costs a meter while one is in flight. */
function costOfSecond(meter: LoadMeter): number {
  const ticket = meter.start(cpuWork(1))
  const cost = meter.cost(cpuWork(1))
  meter.settle(ticket, cpuWork(1), 0, true)
  return cost
}

/** Calls by node when every node is asked for its cost so many times at each call. */
function callsWhenAsked(strategy: StrategyName, times: number): readonly number[] {
  const scenario: Scenario = { ...equal, strategy, calls: 2_000 }
  const asked: Scenario = {
    ...scenario,
    watch: ({ meter }) => {
      for (let i = 0; i < times; i += 1) meter.cost(cpuWork(10))
    },
  }
  return simulate(asked).map(({ calls }) => calls)
}

function shares(nodes: readonly SimulatedNode[]): readonly number[] {
  const all = nodes.reduce((sum, { calls }) => sum + calls, 0)
  return nodes.map(({ calls }) => calls / all)
}

/** Of each report interval, the share of its calls that went to one node. */
function largestShares(nodes: readonly SimulatedNode[]): readonly number[] {
  const intervals = Math.max(...nodes.map(({ callsByInterval }) => callsByInterval.length))
  return Array.from({ length: intervals }, (_, i) => {
    const counts = nodes.map(({ callsByInterval }) => callsByInterval[i] ?? 0)
    return Math.max(...counts) / counts.reduce((sum, count) => sum + count, 0)
  })
}

function within(t: TestContext, value: number, of: number, ratio: number, who = ''): void {
  t.assert.ok(Math.abs(value / of - 1) <= ratio, `${who} ${value}, wanted ${of} ± ${100 * ratio} %`)
}
