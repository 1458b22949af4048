import { type TestContext, test } from 'node:test'
import type { NodeReport } from '../../agents/report.ts'
import { SharedCapacity, sharedCapacityDefaults } from './shared-capacity.ts'
import { cpuWork } from './work.ts'

const work = cpuWork(1)
const { pressureCalls, freshMs, goneAfterMs } = sharedCapacityDefaults

test('the distance is the calls in flight with this one, over the cores', (t: TestContext) => {
  const node = new SharedCapacity({ ...sharedCapacityDefaults, cores: 2 })
  t.assert.equal(node.forecast(work), 0.5)
  node.dispatch(work, 0)
  node.dispatch(work, 0)
  t.assert.equal(node.forecast(work), 1.5)
  node.settle(0, false, 1)
  node.settle(0, false, 1)
  t.assert.equal(node.forecast(work), 0.5)
})

test('what the agent says of cores is believed over what was assumed, and kept', (t: TestContext) => {
  const node = new SharedCapacity(sharedCapacityDefaults)
  node.report(reportOf({ cap: { cpus: 4 } }), 0)
  t.assert.equal(node.forecast(work), 0.25)
  node.report(reportOf({ gone: true, cap: {} }), 10)
  node.advance(1_000_000)
  t.assert.equal(node.forecast(work), 0.25)
})

test('full pressure counts as so many calls, half of it as half of them', (t: TestContext) => {
  const node = new SharedCapacity(sharedCapacityDefaults)
  node.report(reportOf({ x: { cpu_pressure: 1 } }), 0)
  t.assert.equal(node.forecast(work), 1 + pressureCalls)
  node.report(reportOf({ x: { cpu_pressure: 0.5 } }), 0)
  t.assert.equal(node.forecast(work), 1 + pressureCalls / 2)
})

test('a report counts in full while it is fresh, then fades to nothing', (t: TestContext) => {
  const node = new SharedCapacity(sharedCapacityDefaults)
  node.report(reportOf({ x: { cpu_pressure: 1, cpu: 0.8 } }), 0)
  const costs = [0, freshMs, (freshMs + goneAfterMs) / 2, goneAfterMs, 1e9].map((ms) => {
    node.advance(ms)
    return node.forecast(work)
  })
  t.assert.deepEqual(costs, [4, 4, 2.5, 1, 1])
  t.assert.equal(node.predicted().cpu, 0)
  t.assert.equal(node.predicted().cpuPressure, 0)
})

test('figures that were old when they came in fade that much earlier', (t: TestContext) => {
  const node = new SharedCapacity(sharedCapacityDefaults)
  node.report(reportOf({ x: { cpu_pressure: 1 }, age: goneAfterMs }), 5_000)
  node.advance(5_000)
  t.assert.equal(node.forecast(work), 1)
})

test('a node that is gone is not idle: nothing is believed of it', (t: TestContext) => {
  const node = new SharedCapacity(sharedCapacityDefaults)
  node.report(reportOf({ x: { cpu_pressure: 1, memory: 0.5 } }), 0)
  node.report(reportOf({ gone: true }), 1)
  t.assert.equal(node.forecast(work), 1)
  t.assert.equal(node.predicted().memory, null)
  t.assert.equal(node.predicted().cpuPressure, null)
})

test('a call shows in the predicted state before any report does', (t: TestContext) => {
  const node = new SharedCapacity({ ...sharedCapacityDefaults, cores: 4 })
  node.report(reportOf({ x: { cpu: 0.25 } }), 0)
  node.dispatch(work, 1)
  node.dispatch(work, 1)
  t.assert.equal(node.predicted().cpu, 0.75)
  node.report(reportOf({ x: { cpu: 0.75 } }), 2)
  t.assert.equal(node.predicted().cpu, 0.75)
  node.settle(0, false, 3)
  t.assert.equal(node.predicted().cpu, 0.5)
})

test('calls that the last report showed show on when it has faded', (t: TestContext) => {
  const node = new SharedCapacity({ ...sharedCapacityDefaults, cores: 4 })
  for (let i = 0; i < 3; i += 1) node.dispatch(work, 0)
  node.report(reportOf({ x: { cpu: 0.9 } }), 0)
  node.advance(goneAfterMs)
  t.assert.equal(node.predicted().cpu, 0.75)
  node.report(reportOf({ gone: true }), goneAfterMs)
  t.assert.equal(node.predicted().cpu, 0.75)
})

test('asking changes nothing', (t: TestContext) => {
  const node = new SharedCapacity(sharedCapacityDefaults)
  node.report(reportOf({ x: { cpu_pressure: 0.3 } }), 0)
  node.dispatch(work, 700)
  const before = [node.forecast(work), node.predicted()]
  for (let i = 0; i < 100; i += 1) {
    node.advance(700)
    node.forecast(cpuWork(50))
    node.predicted()
  }
  t.assert.deepEqual([node.forecast(work), node.predicted()], before)
})

function reportOf(but: Partial<NodeReport>): NodeReport {
  return { id: 'a', name: 'a', x: {}, cap: {}, raw: {}, src: 'proc', age: 0, ...but }
}
