import { type TestContext, test } from 'node:test'
import { seededRng } from '../rng.ts'
import { methods, unknownMethod } from '../rpc/methods.ts'
import { Costs } from './costs.ts'
import { evidence, LearnedWork } from './learned-work.ts'
import type { Work, WorkKind } from './work.ts'

test('a call costs what its method’s rule says, and one method makes one work', (t: TestContext) => {
  const costs = new Costs()
  const work = costs.of('eth_getLogs', ruleOf('eth_getLogs'))
  const { key, kind, cpuMs, diskMs } = work
  t.assert.deepEqual(
    { key, kind, cpuMs, diskMs },
    {
      key: 'eth_getLogs',
      kind: 'read',
      cpuMs: ruleOf('eth_getLogs').cpuMs,
      diskMs: 0,
    },
  )
  t.assert.equal(costs.of('eth_getLogs', ruleOf('eth_getLogs')), work)
})

test('writes and scans of whole blocks are told apart from reads', (t: TestContext) => {
  const costs = new Costs()
  const kindOf = (name: string) => costs.of(name, ruleOf(name)).kind
  t.assert.equal(kindOf('eth_sendRawTransaction'), 'write')
  t.assert.equal(kindOf('debug_traceBlockByNumber'), 'background')
  t.assert.equal(kindOf('debug_traceCall'), 'read')
})

test('methods that no table knows share one work, however many there are', (t: TestContext) => {
  const costs = new Costs()
  t.assert.equal(costs.of('foo_a', unknownMethod), costs.of('foo_b', unknownMethod))
})

test('a batch costs what its calls cost one after another', (t: TestContext) => {
  const costs = new Costs()
  const works = ['eth_call', 'eth_getLogs', 'eth_call'].map((name) => costs.of(name, ruleOf(name)))
  const sum = works.reduce((ms, { cpuMs }) => ms + cpuMs, 0)
  t.assert.equal(costs.ofBatch(works).cpuMs, sum)
})

test('a batch waits as the one of its calls that may wait the least', (t: TestContext) => {
  const of = (kind: WorkKind): Work => ({ key: kind, kind, cpuMs: 5, diskMs: 0 })
  const kindOf = (...kinds: WorkKind[]) => new Costs().ofBatch(kinds.map(of)).kind
  t.assert.equal(kindOf('background', 'background'), 'background')
  t.assert.equal(kindOf('background', 'read', 'background'), 'read')
  t.assert.equal(kindOf('read', 'write', 'background', 'read'), 'write')
})

test('half the calls take longer than what is learned, whatever the dearest are like', (t: TestContext) => {
  const work = learned(new Costs(), 'eth_call')
  const rng = seededRng(1)
  // Half of them below 4 ms, and one of ten is stalled for a second.
  for (let i = 0; i < 2_000; i++) {
    work.learn(rng() < 0.1 ? 1_000 : 8 * rng(), evidence.calm)
  }
  t.assert.ok(work.cpuMs > 3.6 && work.cpuMs < 5.2, String(work.cpuMs))
})

test('thirty calls are enough to find a cost that is ten times the table’s', (t: TestContext) => {
  const work = learned(new Costs(), 'eth_call')
  for (let i = 0; i < 30; i++) work.learn(10, evidence.calm)
  t.assert.ok(work.cpuMs > 8 && work.cpuMs < 12, String(work.cpuMs))
})

test('what is no evidence moves nothing', (t: TestContext) => {
  const work = learned(new Costs(), 'eth_call')
  const before = work.cpuMs
  for (let i = 0; i < 100; i++) work.learn(90, evidence.none)
  t.assert.equal(work.cpuMs, before)
})

test('weak evidence is taken only while there is no better', (t: TestContext) => {
  const work = learned(new Costs(), 'debug_traceCall')
  for (let i = 0; i < 200; i++) work.learn(40, evidence.calm)
  const before = work.cpuMs
  for (let i = 0; i < 31; i++) work.learn(400, evidence.weak)
  t.assert.equal(work.cpuMs, before)
  for (let i = 0; i < 300; i++) work.learn(400, evidence.weak)
  t.assert.ok(work.cpuMs > 300, String(work.cpuMs))
})

test('a refined key costs what its method costs until eight of its calls are seen', (t: TestContext) => {
  const costs = new Costs()
  const method = learned(costs, 'eth_call')
  const dear = learned(costs, 'eth_call', '0xaa')
  const unseen = learned(costs, 'eth_call', '0xbb')
  for (let i = 0; i < 7; i++) dear.learn(30, evidence.calm)
  t.assert.equal(dear.cpuMs, method.cpuMs)
  for (let i = 0; i < 50; i++) {
    dear.learn(30, evidence.calm)
    for (let k = 0; k < 5; k++) method.learn(2, evidence.calm)
  }
  t.assert.ok(dear.cpuMs > 24 && dear.cpuMs < 36, String(dear.cpuMs))
  t.assert.ok(method.cpuMs < 3, String(method.cpuMs))
  costs.of('eth_call', ruleOf('eth_call'), '0xbb')
  t.assert.equal(unseen.cpuMs, method.cpuMs)
})

test('eight calls are enough for a key that costs a hundred times its method', (t: TestContext) => {
  const costs = new Costs()
  const method = learned(costs, 'eth_call')
  const before = method.cpuMs
  const dear = learned(costs, 'eth_call', '0xaa')
  // As much as a disturbed node says of a call that is taken for a light one.
  for (const tookMs of [80, 95, 3, 70, 400, 90, 75, 85]) dear.learn(tookMs, evidence.faint)
  t.assert.equal(dear.cpuMs, 85)
  for (let i = 0; i < 100; i++) dear.learn(400, evidence.faint)
  t.assert.equal(dear.cpuMs, 85, 'faint evidence is not for what is known')
  t.assert.equal(method.cpuMs, before)
  const unheard = learned(costs, 'eth_call', '0xbb')
  for (let i = 0; i < 100; i++) unheard.learn(90, evidence.none)
  t.assert.equal(unheard.cpuMs, before)
})

test('keys are bounded, and those in use outlive those that were used once', (t: TestContext) => {
  const costs = new Costs()
  const rule = ruleOf('eth_call')
  const kept = costs.of('eth_call', rule, 'kept')
  for (let i = 0; i < 10_000; i++) {
    costs.of('eth_call', rule, String(i))
    t.assert.equal(costs.of('eth_call', rule, 'kept'), kept)
  }
  t.assert.equal(costs.known().length, 513)
})

test('a neighbour on one node of four is not booked on our calls', (t: TestContext) => {
  const costs = new Costs()
  for (let i = 0; i < 4_000; i++) {
    const node = i % 4
    costs.observe(node === 0 ? 90 : 21, 20)
  }
  t.assert.ok(costs.overhead > 1.03 && costs.overhead < 1.07, String(costs.overhead))
})

function ruleOf(name: string) {
  const rule = methods.get(name)
  if (rule === undefined) throw new Error(`no ${name}`)
  return rule
}

function learned(costs: Costs, name: string, refinement = ''): LearnedWork {
  const work: Work = costs.of(name, ruleOf(name), refinement)
  if (!(work instanceof LearnedWork)) throw new Error(`${name} is not learned`)
  return work
}
