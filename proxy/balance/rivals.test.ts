import { type TestContext, test } from 'node:test'
import { seededRng } from '../rng.ts'
import { cpuWork } from '../state/work.ts'
import { HotCold } from './hot-cold.ts'
import { InFlight } from './in-flight.ts'
import { CapacityShare, InFlightShare } from './in-flight-share.ts'
import { decayMs, PeakEwma } from './peak-ewma.ts'
import { ProbePool } from './probe-pool.ts'
import { ProbedLoad } from './probed-load.ts'
import { SmoothRotate } from './smooth-rotate.ts'
import { TwoChoices } from './two-choices.ts'

const work = cpuWork(1)

test('weights 5, 1, 1 take turns as in nginx: a a b a c a a', (t: TestContext) => {
  const picker = new SmoothRotate()
  const nodes = [...'abc'].map((name, i) => ({ name, meter: new CapacityShare(i === 0 ? 5 : 1) }))
  const turns = Array.from({ length: 14 }, () => picker.pick(nodes, work).name)
  t.assert.equal(turns.join(''), 'aabacaaaabacaa')
})

test('weighted least-connection compares (in flight + 1) ÷ cores, by the agent where it speaks', (t: TestContext) => {
  const meter = new InFlightShare(2)
  meter.start()
  t.assert.equal(meter.cost(), 1)
  meter.report({ id: 'a', name: 'a', x: {}, cap: { cpus: 0.5 }, raw: {}, src: 'x', age: 0 })
  t.assert.equal(meter.cost(), 4)
})

test('of two drawn the less busy is taken: the busiest of many never, the idlest twice as often', (t: TestContext) => {
  const picker = new TwoChoices(seededRng(3))
  const nodes = [0, 1, 2, 3, 4].map((calls) => ({ meter: busyWith(calls) }))
  const counts = nodes.map(() => 0)
  for (let i = 0; i < 10_000; i += 1) {
    const at = nodes.indexOf(picker.pick(nodes, work))
    counts[at] = (counts[at] ?? 0) + 1
  }
  // Of the 10 pairs, the k-th idlest is the idler one of 4 − k.
  for (const [k, count] of counts.entries()) {
    t.assert.ok(Math.abs(count - (4 - k) * 1_000) <= 150, `${counts}`)
  }
})

test('two choices of one node are that node', (t: TestContext) => {
  const only = { meter: new InFlight() }
  t.assert.equal(new TwoChoices(seededRng(1)).pick([only], work), only)
  t.assert.throws(() => new TwoChoices(seededRng(1)).pick([], work), RangeError)
})

test("peak-ewma's arithmetic is Finagle's: peaks at once, decay by e^(−Δt/τ), reads observe 0", (t: TestContext) => {
  const clock = { ms: 0, nowMs: () => clock.ms }
  const meter = new PeakEwma(clock)
  // Finagle's rule, written down as it stands there.
  let cost = 0
  let stamp = 0
  const observe = (rtt: number): void => {
    const w = Math.exp(-(clock.ms - stamp) / decayMs)
    cost = rtt > cost ? rtt : cost * w + rtt * (1 - w)
    stamp = clock.ms
  }
  const rng = seededRng(5)
  for (let i = 0; i < 1_000; i += 1) {
    clock.ms += rng() * 2_000
    if (rng() < 0.5) {
      observe(0)
      t.assert.equal(meter.cost(), cost)
      meter.weighed()
    } else {
      const rttMs = rng() * 100
      observe(rttMs)
      meter.settle(meter.start(), work, rttMs, false)
    }
  }
})

test('a node that was never heard from is free for one call and shut for the next', (t: TestContext) => {
  const clock = { ms: 0, nowMs: () => clock.ms }
  const meter = new PeakEwma(clock)
  t.assert.equal(meter.cost(), 0)
  meter.start()
  t.assert.ok(meter.cost() > 1e12)
  meter.settle(0, work, 0, true)
  t.assert.equal(meter.cost(), 0)
})

test('Prequal takes the fastest of the cold, and the least busy where all are hot', (t: TestContext) => {
  const nodes = ['slow', 'fast', 'hot', 'hottest'] as const
  const pool = new ProbePool<string>(seededRng(1))
  // Ten of a hundred probes found 9 or more in flight: above 2 is hot.
  for (let i = 0; i < 100; i += 1) pool.add('slow', i < 90 ? 2 : 9, 50, 4, 0)
  pool.add('slow', 1, 50, 4, 0)
  pool.add('fast', 2, 10, 4, 0)
  pool.add('hot', 8, 1, 4, 0)
  pool.add('hottest', 9, 1, 4, 0)
  t.assert.equal(pool.best(nodes, 0), 'fast')
  t.assert.equal(pool.best(['hot', 'hottest'], 0), 'hot')
  // Of those as fast the less busy one, of those as busy the faster.
  pool.add('fast', 1, 50, 4, 0)
  t.assert.equal(pool.best(nodes, 0), 'slow')
  pool.add('slow', 2, 50, 4, 0)
  t.assert.equal(pool.best(nodes, 0), 'fast')
  pool.add('hot', 9, 0.5, 4, 0)
  t.assert.equal(pool.best(['hottest', 'hot'], 0), 'hot')
})

test('a probe counts the calls it led to, and is hot in its turn', (t: TestContext) => {
  const pool = new ProbePool<string>(seededRng(1))
  for (let i = 0; i < 100; i += 1) pool.add('a', 2, 10, 4, 0)
  pool.add('b', 2, 50, 4, 0)
  t.assert.equal(pool.best(['a', 'b'], 0), 'a')
  pool.sentTo('a')
  t.assert.equal(pool.best(['a', 'b'], 0), 'b')
})

test('a probe is forgotten after a second, and two at least must be left to choose by', (t: TestContext) => {
  const pool = new ProbePool<string>(seededRng(1))
  pool.add('a', 1, 1, 4, 0)
  pool.add('b', 1, 1, 4, 900)
  t.assert.notEqual(pool.best(['a', 'b'], 1_000), null)
  t.assert.equal(pool.best(['a'], 1_000), null)
  t.assert.equal(pool.best(['a', 'b'], 1_001), null)
  t.assert.equal(pool.size, 1)
})

test('with many nodes a probe may be used (1 + δ) ÷ ((1 − m/n) · 3 − 1) times, on average', (t: TestContext) => {
  const pool = new ProbePool<string>(seededRng(1))
  const nodes = 64
  const budget = 2 / ((1 - 16 / nodes) * 3 - 1)
  let uses = 0
  for (let i = 0; i < 10_000; i += 1) {
    pool.add('a', 1, 1, nodes, 0)
    while (pool.size > 0) {
      pool.sentTo('a')
      uses += 1
    }
  }
  t.assert.ok(Math.abs(uses / 10_000 - budget) < 0.02, `${uses / 10_000}, not ${budget}`)
})

test('the pool holds 16 probes, and each query takes out the oldest and the worst in turn', (t: TestContext) => {
  const pool = new ProbePool<number>(seededRng(1))
  for (let node = 0; node < 40; node += 1) pool.add(node, 1, node === 30 ? 99 : 1, 40, node)
  t.assert.equal(pool.size, 16)
  const all = Array.from({ length: 40 }, (_, node) => node)
  pool.thin()
  t.assert.equal(pool.size, 15)
  t.assert.equal(pool.best([24, 25], 40), null)
  pool.thin()
  t.assert.equal(pool.best([30, 31], 40), null)
  t.assert.notEqual(pool.best(all, 40), null)
})

test('a probe is answered with the median of calls that came when about as many were in flight', (t: TestContext) => {
  const clock = { ms: 0, nowMs: () => clock.ms }
  const meter = new ProbedLoad(clock)
  const take = (...latenciesMs: number[]) => {
    for (const rttMs of latenciesMs) meter.settle(meter.start(), work, rttMs, false)
  }
  t.assert.equal(meter.latencyMs(), 0)
  take(9, 10, 500)
  t.assert.equal(meter.latencyMs(), 10)
  const first = meter.start()
  take(70, 80, 90)
  t.assert.equal(meter.latencyMs(), 80)
  t.assert.equal(meter.latencyMs(5), 80)
  meter.settle(first, work, 1, true)
  t.assert.equal(meter.latencyMs(), 10)
  // The one that was chosen has one more when it answers.
  t.assert.equal(meter.latencyMs(1), 80)
})

test('a probe tells no latency of more than ten seconds ago', (t: TestContext) => {
  const clock = { ms: 0, nowMs: () => clock.ms }
  const meter = new ProbedLoad(clock)
  meter.settle(meter.start(), work, 300, false)
  const held = meter.start()
  clock.ms = 4_000
  meter.settle(meter.start(), work, 20, false)
  meter.settle(held, work, 1, true)
  clock.ms = 10_000
  t.assert.equal(meter.latencyMs(), 300)
  clock.ms = 10_001
  t.assert.equal(meter.latencyMs(), 20)
  clock.ms = 14_001
  t.assert.equal(meter.latencyMs(), 0)
})

test('Prequal leaves a node that has become slow, tries it again at times, and comes back', (t: TestContext) => {
  const clock = { ms: 0, nowMs: () => clock.ms }
  const picker = new HotCold(seededRng(9), clock)
  const nodes = [5, 5, 5, 80].map((rttMs) => ({ rttMs, meter: new ProbedLoad(clock), calls: 0 }))
  const serve = (count: number): number[] => {
    for (const node of nodes) node.calls = 0
    for (let i = 0; i < count; i += 1) {
      clock.ms += 10
      const node = picker.pick(nodes, work)
      node.calls += 1
      node.meter.settle(node.meter.start(), work, node.rttMs, false)
    }
    return nodes.map(({ calls }) => calls)
  }
  const [a = 0, b = 0, c = 0, slow = 0] = serve(2_000)
  t.assert.ok(slow >= 1 && slow < 40, `${slow} calls to the slow one`)
  t.assert.ok(Math.min(a, b, c) > 100, `${[a, b, c]}`)
  const last = nodes[3]
  if (last === undefined) throw new Error('no such node')
  last.rttMs = 4
  const [, , , again = 0] = serve(2_000)
  t.assert.ok(again > 400, `${again} calls to it when it is the fastest`)
})

test('what failed late raises the mean of Peak EWMA, what failed early leaves it', (t: TestContext) => {
  const clock = { ms: 0, nowMs: () => clock.ms }
  const meter = new PeakEwma(clock)
  meter.settle(meter.start(), work, 20, false)
  meter.settle(meter.start(), work, 1, true)
  t.assert.equal(meter.cost(), 20)
  meter.settle(meter.start(), work, 10_000, true)
  t.assert.equal(meter.cost(), 10_000)
})

function busyWith(calls: number): InFlight {
  const meter = new InFlight()
  for (let i = 0; i < calls; i += 1) meter.start()
  return meter
}
