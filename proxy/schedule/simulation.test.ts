import { type TestContext, test } from 'node:test'
import { type StrategyName, strategyNames } from '../balance/strategies.ts'
import { type Scenario, simulate } from '../balance/test/simulation.ts'
import type { Rng } from '../rng.ts'
import { cpuWork, isLight, type Work } from '../state/work.ts'

/** Four equal nodes at 80 % of what they can do, with light calls and heavy ones of 5 and 60 ms. */
const mixed: Omit<Scenario, 'strategy'> = {
  cores: [1, 1, 1, 1],
  calls: 10_000,
  callsPerMs: 0.35,
  workMs: 0,
  reportMs: 250,
  workOf: mix,
}

test('told to wait only when busy, nothing does while some node has no call at all', (t: TestContext) => {
  let waited = 0
  simulate({
    ...mixed,
    quota: true,
    strategy: 'state-space',
    hold: 'when-busy',
    onWait(nodes) {
      waited += 1
      t.assert.ok(nodes.every(({ inFlight }) => inFlight > 0))
    },
  })
  t.assert.ok(waited > 50, `only ${waited} waited`)
})

test('by default too, calls wait only while others do on their account, and light ones never', (t: TestContext) => {
  const waited = { calls: 0, besideIdle: 0 }
  simulate({
    ...mixed,
    quota: true,
    strategy: 'state-space',
    onWait(nodes, work) {
      waited.calls += 1
      if (nodes.some(({ inFlight }) => inFlight === 0)) waited.besideIdle += 1
      t.assert.ok(!isLight(work), 'a light call waits')
      t.assert.ok(
        nodes.some(({ inFlight }) => inFlight > 0),
        'a call waits before an idle fleet',
      )
    },
  })
  // It waits for the better node, not for any: that is where it gains.
  t.assert.ok(waited.besideIdle > 0 && waited.besideIdle < waited.calls, JSON.stringify(waited))
})

test('no call waits longer than the bound, however busy the nodes are', (t: TestContext) => {
  const held: number[] = []
  simulate({
    ...mixed,
    quota: true,
    strategy: 'state-space',
    calls: 4_000,
    callsPerMs: 0.5,
    scheduling: { maxWaitMs: 300 },
    onHeld: (heldMs) => held.push(heldMs),
  })
  t.assert.ok(Math.max(...held) <= 300.001, String(Math.max(...held)))
  t.assert.ok(held.some((heldMs) => heldMs > 299))
})

test('nothing waits for a node without a quota', (t: TestContext) => {
  const fail = (): void => t.assert.fail('a call waits')
  simulate({ ...mixed, strategy: 'state-space', onWait: fail })
  const { reportMs: _, ...silent } = mixed
  simulate({ ...silent, strategy: 'state-space', onWait: fail })
})

test('only state-space makes calls wait', (t: TestContext) => {
  for (const strategy of strategyNames) {
    if (strategy === 'state-space') continue
    simulate({
      ...mixed,
      strategy,
      calls: 2_000,
      onWait: () => t.assert.fail(`${strategy} holds`),
    })
  }
})

test('strategies that know the cores give each node its share of them', (t: TestContext) => {
  const cores = [0.5, 1, 2, 4]
  const known: readonly [StrategyName, number][] = [
    ['weighted-round-robin', 0.01],
    ['weighted-least-connection', 0.25],
    ['state-space', 0.35],
  ]
  for (const [strategy, tolerance] of known) {
    const { workOf: _, ...plain } = mixed
    const nodes = simulate({
      ...plain,
      strategy,
      cores,
      declared: true,
      // All that the nodes can do: below that, the large ones get more than their share.
      workMs: 10,
      callsPerMs: 0.75,
    })
    for (const { cores: own, calls } of nodes) {
      const ratio = calls / 10_000 / (own / 7.5)
      t.assert.ok(Math.abs(ratio - 1) <= tolerance, `${strategy}: ${ratio} of its share at ${own}`)
    }
  }
})

test('no strategy but nearest-origin herds, however rare the reports', (t: TestContext) => {
  for (const strategy of strategyNames) {
    if (strategy === 'nearest-origin') continue
    for (const reportMs of [100, 1_000, 5_000]) {
      // Six times as large, for 210 calls between two reports of 100 ms: of few, one node may have
      // most by chance.
      const sixfold = { ...mixed, cores: [6, 6, 6, 6], callsPerMs: 2.1 }
      const nodes = simulate({ ...sixfold, strategy, reportMs })
      const intervals = nodes[0]?.callsByInterval.length ?? 0
      t.assert.ok(intervals >= 10_000 / 2.1 / reportMs)
      for (let i = 0; i < intervals; i += 1) {
        const counts = nodes.map(({ callsByInterval }) => callsByInterval[i] ?? 0)
        const all = counts.reduce((sum, count) => sum + count, 0)
        // The last is cut short.
        if (i === intervals - 1 && all < 100) continue
        t.assert.ok(all >= 100, `${all} calls tell nothing`)
        const most = Math.max(...counts) / all
        t.assert.ok(most < 0.6, `${strategy} at ${reportMs} ms: ${most} to one node`)
      }
    }
  }
})

test('calls that need the disk leave the node whose disk is busy, though its CPU idles', (t: TestContext) => {
  const lie: Scenario['lie'] = (index, truth) => {
    return index === 0 ? { cpu: 0, cpu_pressure: 0, disk: 1 } : { ...truth, disk: 0 }
  }
  const shareOfFirst = (work: Work): number => {
    const scenario = { ...mixed, lie, workOf: () => work }
    const [first] = simulate({ ...scenario, strategy: 'state-space', callsPerMs: 0.2 })
    return (first?.calls ?? 0) / mixed.calls
  }
  const ofDisk = shareOfFirst({ key: 'disk', kind: 'read', cpuMs: 0.5, diskMs: 10 })
  const ofCpu = shareOfFirst({ key: 'cpu', kind: 'read', cpuMs: 10, diskMs: 0 })
  t.assert.ok(ofDisk < 0.1, `${ofDisk} of the calls that need the disk`)
  t.assert.ok(ofCpu > 0.12 && ofCpu > 1.5 * ofDisk, `${ofCpu} of those that do not`)
})

function mix(rng: Rng): Work {
  const drawn = rng()
  if (drawn < 0.65) return cpuWork(0.3)
  return cpuWork(drawn < 0.9 ? 5 : 60)
}
