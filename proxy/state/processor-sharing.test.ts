import { type TestContext, test } from 'node:test'
import { CallsInFlight } from './calls-in-flight.ts'
import type { NodeBelief } from './node-belief.ts'
import { ProcessorSharing } from './processor-sharing.ts'
import { cpuWork } from './work.ts'

const diskWork = { key: 'disk', kind: 'read', cpuMs: 1, diskMs: 10 } as const

function node(but: Partial<NodeBelief> = {}) {
  const calls = new CallsInFlight()
  const belief: NodeBelief = {
    cores: 2,
    disks: 4,
    othersCores: 0,
    lostCores: 0,
    othersDisks: 0,
    rttMs: 0,
    draw: 1,
    failedCalls: 0,
    failedMs: 0,
    trust: 1,
    ...but,
  }
  return { calls, belief, sharing: new ProcessorSharing(calls, belief) }
}

test('a call costs itself, its share of an idle node, and twice what is there already', (t: TestContext) => {
  const { calls, sharing } = node()
  t.assert.equal(sharing.forecast(cpuWork(4), 0), 4 * (1 + 1 / 2))
  // 9.5 ms of 10 are on the node, the rest on the way: 0.95 of a call.
  calls.add(cpuWork(9.5), 0, 0)
  t.assert.equal(sharing.forecast(cpuWork(4), 0), 4 * (1 + (2 * 0.95 + 1) / 2))
})

test('others are shared with, and cores that the host does not give are not there', (t: TestContext) => {
  const { sharing } = node({ othersCores: 0.5, lostCores: 0.5 })
  const crowd = (0.5 + 1) / 1.5 + 0.03 * (1 / 1 - 1 / 1.5)
  t.assert.equal(sharing.forecast(cpuWork(4), 0), 4 * (1 + crowd))
  const { sharing: starved } = node({ lostCores: 9 })
  t.assert.equal(starved.forecast(cpuWork(4), 0), 4 * (1 + 1 / 0.16))
})

test('a disk-bound call costs more where the disk is slow, although the CPU idles', (t: TestContext) => {
  const { sharing: slow } = node({ disks: 1 })
  const { sharing: fast, calls } = node({ disks: 8 })
  for (let i = 0; i < 3; i++) calls.add(cpuWork(10), 0, 0)
  t.assert.ok(slow.forecast(diskWork, 0) > fast.forecast(diskWork, 0))
  t.assert.ok(slow.forecast(cpuWork(10), 0) < fast.forecast(cpuWork(10), 0))
})

test('calls at the disk crowd the disk and not the CPU', (t: TestContext) => {
  const { calls, sharing } = node()
  const cpuBefore = sharing.forecast(cpuWork(5), 0)
  const diskBefore = sharing.forecast(diskWork, 0)
  for (let i = 0; i < 4; i++) calls.add({ ...diskWork, cpuMs: 1e-9 }, 0, 0)
  t.assert.ok(sharing.forecast(cpuWork(5), 0) < 1.0001 * cpuBefore)
  t.assert.ok(sharing.forecast(diskWork, 0) > 2 * diskBefore)
})

test('calls share the cores evenly, and one runs on one core at most', (t: TestContext) => {
  const { calls, sharing } = node()
  const first = calls.add(cpuWork(100), 0, 0)
  sharing.advance(10)
  t.assert.equal(calls.leftMs(first), 90)
  for (let i = 0; i < 3; i++) calls.add(cpuWork(100), 0, 10)
  sharing.advance(30)
  t.assert.equal(calls.leftMs(first), 80)
  sharing.advance(1e6)
  t.assert.equal(calls.leftMs(first), 5) // never nearer to its end than a twentieth
})

test('round trips that differ by less than a quarter of a millisecond make no difference', (t: TestContext) => {
  const { sharing: near } = node({ rttMs: 0.1 })
  const { sharing: far } = node({ rttMs: 0.24 })
  t.assert.equal(near.forecast(cpuWork(1), 0), far.forecast(cpuWork(1), 0))
})
