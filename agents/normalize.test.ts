import { test } from 'node:test'
import fc from 'fast-check'
import { Normalizer } from './normalize.ts'
import { parseReport } from './report.ts'
import type { Sample } from './sources/source.ts'

type Figures = Omit<Sample, 'atMs' | 'epoch'>

/** Feeds a normalizer with a reading each `stepMs`; `figures` of the seconds gone by. */
function after(
  readings: number,
  figures: (atS: number) => Figures,
  { stepMs = 250, normalizer = new Normalizer() } = {},
) {
  let last = normalizer.push({ atMs: 0, epoch: 0, ...figures(0) })
  for (let i = 1; i < readings; i += 1) {
    last = normalizer.push({ atMs: i * stepMs, epoch: 0, ...figures((i * stepMs) / 1000) })
  }
  return last
}

test('the first reading has levels and no rates', (t) => {
  const { x, cap } = after(1, () => ({
    cpus: 2,
    cpuUsageS: 100,
    cpuPressureS: 50,
    memCurrentBytes: 10,
    memLimitBytes: 40,
  }))
  t.assert.deepEqual(x, { memory: 0.25 })
  t.assert.deepEqual(cap, { cpus: 2, mem: 40 })
})

test('nothing known is nothing told', (t) => {
  t.assert.deepEqual(
    after(5, () => ({})),
    { x: {}, cap: {}, raw: { at_ms: 1000 } },
  )
})

test('CPU is the share of the capacity, not of the host', (t) => {
  const { x, raw } = after(40, (atS) => ({ cpus: 0.5, cpuUsageS: 0.2 * atS }))
  t.assert.equal(x.cpu, 0.4)
  t.assert.equal(raw.cpu_cores, 0.2)
})

test('a burst of CPU is smoothed with a time constant of 1 s', (t) => {
  const normalizer = new Normalizer()
  after(20, () => ({ cpus: 1, cpuUsageS: 0 }), { normalizer })
  const { x } = normalizer.push({ atMs: 19 * 250 + 1000, epoch: 0, cpus: 1, cpuUsageS: 1 })
  t.assert.equal(x.cpu, Math.round((1 - Math.exp(-1)) * 1e4) / 1e4)
})

test('pressure follows within one interval, and counts the share of time', (t) => {
  const normalizer = new Normalizer()
  after(8, () => ({ cpuPressureS: 3 }), { normalizer })
  const { x } = normalizer.push({ atMs: 2000, epoch: 0, cpuPressureS: 3.125 })
  t.assert.equal(x.cpu_pressure, 0.5)
})

test('a timer that is a little early does not double the window', (t) => {
  const normalizer = new Normalizer()
  normalizer.push({ atMs: 0, epoch: 0, cpuPressureS: 0 })
  normalizer.push({ atMs: 250, epoch: 0, cpuPressureS: 0 })
  const { x } = normalizer.push({ atMs: 490, epoch: 0, cpuPressureS: 0.24 })
  t.assert.equal(x.cpu_pressure, 1)
})

test('at a fast interval pressure still spans 250 ms', (t) => {
  const { x } = after(51, (atS) => ({ cpuPressureS: atS > 0.99 ? 0.02 : 0 }), { stepMs: 20 })
  t.assert.equal(x.cpu_pressure, 0.1)
})

test('the disk is watched for longer, since it comes in bursts', (t) => {
  const { x } = after(9, (atS) => ({
    ioPressureS: atS === 2 ? 0.1 : 0,
    memPressureS: atS === 2 ? 0.1 : 0,
  }))
  t.assert.equal(x.io_pressure, 0.2)
  t.assert.equal(x.mem_pressure, 0.1)
})

test('without pressure files the share of throttled periods stands in', (t) => {
  const { x } = after(9, (atS) => ({
    nrPeriods: atS * 10,
    nrThrottled: atS * 3,
    runQueueWaitS: atS,
  }))
  t.assert.equal(x.cpu_pressure, 0.3)
})

test('a group that ran in no period had no pressure', (t) => {
  t.assert.equal(after(9, () => ({ nrPeriods: 5, nrThrottled: 3 })).x.cpu_pressure, 0)
})

test('without a quota w tasks waiting on average are w ÷ (1 + w)', (t) => {
  t.assert.equal(after(9, (atS) => ({ runQueueWaitS: atS * 3 })).x.cpu_pressure, 0.75)
})

test('page cache is no memory in use', (t) => {
  const { x } = after(1, () => ({
    memCurrentBytes: 100,
    memFileBytes: 80,
    memSlabBytes: 10,
    memLimitBytes: 100,
  }))
  t.assert.equal(x.memory, 0.1)
})

test('without pressure and without a capacity the host’s disk stands in', (t) => {
  const { x } = after(9, (atS) => ({ hostDiskBusyS: atS * 0.3, diskBytes: 1e9 * atS }))
  t.assert.equal(x.io_pressure, 0.3)
  t.assert.equal(x.disk, 0.3)
})

test('a capacity of the disk makes its use the node’s own', (t) => {
  const normalizer = new Normalizer({ diskBytesPerS: 4e6 })
  const figures = (atS: number) => ({ hostDiskBusyS: atS, diskBytes: 1e6 * atS })
  const { x, cap } = after(9, figures, { normalizer })
  t.assert.equal(x.disk, 0.25)
  t.assert.equal(cap.disk, 4e6)
})

test('of two capacities the lower one binds', (t) => {
  const normalizer = new Normalizer({ diskBytesPerS: 4e6 })
  const { cap } = after(1, () => ({ diskLimitBytesPerS: 1e6 }), { normalizer })
  t.assert.equal(cap.disk, 1e6)
})

test('the network has an axis only where its capacity is declared', (t) => {
  const figures = (atS: number) => ({ netBytes: 1e6 * atS })
  t.assert.equal(after(9, figures).x.network, undefined)
  const normalizer = new Normalizer({ networkBytesPerS: 4e6 })
  const declared = after(9, figures, { normalizer })
  t.assert.equal(declared.x.network, 0.25)
  t.assert.equal(declared.cap.network, 4e6)
})

test('a counter that went back tells nothing', (t) => {
  const normalizer = new Normalizer()
  normalizer.push({ atMs: 0, epoch: 0, cpus: 1, cpuUsageS: 9, cpuPressureS: 9 })
  const { x } = normalizer.push({ atMs: 250, epoch: 0, cpus: 1, cpuUsageS: 1, cpuPressureS: 1 })
  t.assert.deepEqual(x, {})
})

test('counters of two epochs are not compared', (t) => {
  const normalizer = new Normalizer()
  normalizer.push({ atMs: 0, epoch: 0, cpus: 1, cpuUsageS: 1 })
  const { x, raw } = normalizer.push({ atMs: 250, epoch: 1, cpus: 1, cpuUsageS: 100 })
  t.assert.equal(x.cpu, undefined)
  t.assert.equal(raw.cpu_cores, undefined)
})

test('the same reading again changes nothing', (t) => {
  const normalizer = new Normalizer()
  const sample: Sample = { atMs: 250, epoch: 0, cpus: 1, cpuUsageS: 0.1 }
  normalizer.push({ atMs: 0, epoch: 0, cpus: 1, cpuUsageS: 0 })
  t.assert.equal(normalizer.push(sample), normalizer.push(sample))
})

test('whatever is read, a report of it is one that readers take', (t) => {
  const figure = fc.option(fc.double({ min: 0, max: 1e15, noNaN: true }), { nil: undefined })
  const sample = fc.record({
    stepMs: fc.double({ min: 0, max: 1e5, noNaN: true }),
    epoch: fc.nat(1),
    cpuUsageS: figure,
    cpus: figure,
    nrPeriods: figure,
    nrThrottled: figure,
    cpuPressureS: figure,
    ioPressureS: figure,
    memPressureS: figure,
    runQueueWaitS: figure,
    memCurrentBytes: figure,
    memFileBytes: figure,
    memLimitBytes: figure,
    diskBytes: figure,
    hostDiskBusyS: figure,
  })
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 90 }), (samples) => {
      const normalizer = new Normalizer()
      let atMs = 0
      for (const { stepMs, epoch, ...figures } of samples) {
        atMs += stepMs
        const known = Object.entries(figures).filter(([, value]) => value !== undefined)
        const result = normalizer.push({ atMs, epoch, ...Object.fromEntries(known) })
        const node = { id: 'a', name: 'a', ...result, src: 'proc', age: 0 }
        const line = { v: 1, host: 'h', seq: 0, t: 0, interval: 250, nodes: [node] }
        const parsed = parseReport(JSON.parse(JSON.stringify(line)))
        t.assert.deepEqual(parsed.nodes[0], node)
      }
    }),
    { numRuns: 200, seed: 3 },
  )
})

test('pressure that moved since the last reading is noticed, what did not move is not', (t) => {
  const normalizer = new Normalizer()
  for (let atMs = 0; atMs <= 1000; atMs += 250) {
    normalizer.push({ atMs, epoch: 0, cpuPressureS: 0, ioPressureS: 0, memPressureS: 0 })
  }
  const glance = { atMs: 1125, epoch: 0, cpuPressureS: 0, ioPressureS: 0, memPressureS: 0 }
  t.assert.equal(normalizer.hasMoved(glance, 0.1), false)
  t.assert.equal(normalizer.hasMoved({ ...glance, cpuPressureS: 0.125 }, 0.1), true)
  t.assert.equal(normalizer.hasMoved({ ...glance, ioPressureS: 0.125 }, 0.1), true)
  t.assert.equal(normalizer.hasMoved({ ...glance, memPressureS: 0.125 }, 0.1), true)
  t.assert.equal(normalizer.hasMoved({ ...glance, cpuPressureS: 0.01 }, 0.1), false)
  t.assert.equal(normalizer.hasMoved({ ...glance, epoch: 1, cpuPressureS: 0.125 }, 0.1), false)
})

test('of a limited disk and a declared one, the one nearer to its end counts', (t) => {
  const figures = (atS: number) => ({ diskLimitBusyS: 0.5 * atS, diskBytes: 1e6 * atS })
  t.assert.equal(after(9, figures).x.disk, 0.5)
  const declared = (diskBytesPerS: number) => ({ normalizer: new Normalizer({ diskBytesPerS }) })
  t.assert.equal(after(9, figures, declared(1e7)).x.disk, 0.5)
  t.assert.equal(after(9, figures, declared(1.25e6)).x.disk, 0.8)
})
