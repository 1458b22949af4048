import { type TestContext, test } from 'node:test'
import type { NodeReport } from '../../agents/report.ts'
import { cpuWork } from '../state/work.ts'
import type { LoadMeter } from './meter.ts'
import { ReportedNorm } from './reported-norm.ts'
import { type StrategyName, strategies, strategyNames } from './strategies.ts'

const work = cpuWork(1)

test('least-connection counts calls in flight, and reports do not move it', (t: TestContext) => {
  const { meter } = meterOf('least-connection')
  meter.start(work)
  meter.start(work)
  meter.report(reportOf({ cpu: 1 }))
  t.assert.equal(meter.cost(work), 2)
  meter.settle(0, work, 10, true)
  meter.settle(0, work, 10, false)
  t.assert.equal(meter.cost(work), 0)
})

test('nearest-origin is the norm of the last report, and calls do not move it', (t: TestContext) => {
  const { meter, clock } = meterOf('nearest-origin')
  meter.report(reportOf({ cpu: 0.6, memory: 0.8 }))
  meter.start(work)
  clock.ms = 1e9
  t.assert.equal(meter.cost(work), 1)
})

test('a node whose agent is silent from the start, or says it is gone, is as far as can be', (t: TestContext) => {
  const meter = new ReportedNorm()
  const worst = new ReportedNorm()
  worst.report(reportOf({ cpu: 1, memory: 1, disk: 1, network: 1 }))
  t.assert.ok(meter.cost() >= worst.cost())
  meter.report(reportOf({ cpu: 0 }))
  t.assert.equal(meter.cost(), 0)
  meter.report({ ...reportOf({}), gone: true })
  t.assert.ok(meter.cost() >= worst.cost())
  t.assert.equal(meter.predicted(), null)
})

test('state-space moves with calls, reports and time', (t: TestContext) => {
  const { meter, clock } = meterOf('state-space')
  const idle = meter.cost(work)
  meter.start(work)
  const withCall = meter.cost(work)
  t.assert.ok(withCall > idle)
  for (let i = 0; i < 2; i++) {
    clock.ms += 250
    meter.report(reportOf({ cpu_pressure: 0.5 }))
  }
  t.assert.ok(meter.cost(work) > withCall)
  clock.ms += 60_000
  t.assert.equal(meter.cost(work), withCall)
  meter.settle(0, work, 10, false)
  t.assert.equal(meter.cost(work), idle)
})

test('cores that the operator declares count until an agent tells them', (t: TestContext) => {
  const { meter } = meterOf('state-space', 4)
  t.assert.equal(meter.cost(work), 1 + 2 / 4)
  meter.report({ ...reportOf({}), cap: { cpus: 2 } })
  t.assert.equal(meter.cost(work), 1 + 2 / 2)
})

test('no meter ever costs less than nothing, or what is no number', (t: TestContext) => {
  for (const name of strategyNames) {
    const { meter, clock } = meterOf(name)
    for (const x of [{}, { cpu: 0 }, { cpu: 1, cpu_pressure: 1, memory: 1 }]) {
      clock.ms += 400
      meter.report(reportOf(x))
      meter.start(work)
      t.assert.ok(meter.cost(work) >= 0, name)
      meter.settle(0, work, 1, false)
      t.assert.ok(meter.cost(work) >= 0, name)
    }
  }
})

function meterOf(name: StrategyName, cores: number | null = null) {
  const clock = { ms: 0, nowMs: () => clock.ms }
  const meter: LoadMeter = strategies[name].meter({ clock, cores, observer: 'auto' })
  return { clock, meter }
}

function reportOf(x: NodeReport['x']): NodeReport {
  return { id: 'a', name: 'a', x, cap: {}, raw: {}, src: 'proc', age: 0 }
}
