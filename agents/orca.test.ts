import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { orcaFormatOf, orcaHeaders, orcaOf, utilizationOf } from './orca.ts'
import { orcaBytes } from './orca-protobuf.ts'
import { dimensions } from './report.ts'

const small = {
  cpu_utilization: 0.31,
  application_utilization: 0.4,
  utilization: { cpu_pressure: 0.08 },
  named_metrics: { capacity_cpus: 2 },
} as const

test('a report has our axes under their own names, and what ORCA has names for', (t: TestContext) => {
  const report = orcaOf({
    x: { cpu_pressure: 0.25, cpu: 0.5, memory: 0.75 },
    cap: { cpus: 2, mem: 1024 },
  })
  t.assert.deepEqual(report, {
    cpu_utilization: 0.5,
    mem_utilization: 0.75,
    application_utilization: 0.25,
    utilization: { cpu_pressure: 0.25, cpu: 0.5, memory: 0.75 },
    named_metrics: { capacity_cpus: 2, capacity_memory_bytes: 1024 },
  })
})

test('what is not known is left out, and is not 0', (t: TestContext) => {
  t.assert.deepEqual(orcaOf({ x: {}, cap: {} }), {})
  t.assert.equal(utilizationOf({}), undefined)
  t.assert.equal(utilizationOf({ disk: 1, network: 1 }), undefined)
  t.assert.equal(utilizationOf({ cpu: 0 }), 0)
})

test('pressure on the CPU counts whole, other pressure half, use of the CPU a quarter', (t: TestContext) => {
  t.assert.equal(utilizationOf({ cpu_pressure: 0.6, io_pressure: 0.8, cpu: 1 }), 0.6)
  t.assert.equal(utilizationOf({ io_pressure: 0.8, cpu: 1 }), 0.4)
  t.assert.equal(utilizationOf({ mem_pressure: 0.8, cpu: 1 }), 0.4)
  t.assert.equal(utilizationOf({ cpu: 1 }), 0.25)
})

test('memory counts from 80 % on', (t: TestContext) => {
  t.assert.equal(utilizationOf({ memory: 0.8 }), 0)
  t.assert.equal(utilizationOf({ memory: 0.5, cpu_pressure: 0.1 }), 0.1)
  t.assert.ok(Math.abs((utilizationOf({ memory: 0.9 }) ?? 0) - 0.5) < 1e-9)
  t.assert.equal(utilizationOf({ memory: 1 }), 1)
})

test('the one figure is in [0, 1] for every point, and never falls when an axis rises', (t: TestContext) => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true })
  const axis = fc.constantFrom(...dimensions)
  fc.assert(
    fc.property(fc.dictionary(axis, unit), axis, unit, (x, name, more) => {
      const before = utilizationOf(x) ?? 0
      const after = utilizationOf({ ...x, [name]: Math.max(x[name] ?? 0, more) }) ?? 0
      t.assert.ok(before >= 0 && before <= 1 && after >= before)
    }),
  )
})

test('the header is written in three forms', (t: TestContext) => {
  t.assert.deepEqual(orcaHeaders(small, 'TEXT'), [
    'endpoint-load-metrics',
    'TEXT cpu_utilization=0.31,application_utilization=0.4,utilization.cpu_pressure=0.08,named_metrics.capacity_cpus=2',
  ])
  t.assert.deepEqual(orcaHeaders(small, 'JSON'), [
    'endpoint-load-metrics',
    'JSON {"cpu_utilization":0.31,"application_utilization":0.4,"utilization":{"cpu_pressure":0.08},"named_metrics":{"capacity_cpus":2}}',
  ])
  const bytes = orcaBytes(small).toString('base64')
  t.assert.deepEqual(orcaHeaders(small, 'BIN'), [
    'endpoint-load-metrics',
    `BIN ${bytes}`,
    'endpoint-load-metrics-bin',
    bytes,
  ])
})

// The bytes are those of protobufjs 7.6 for the same report and the published definition.
test('the binary form is the one that protobuf libraries write', (t: TestContext) => {
  t.assert.equal(
    orcaBytes(small).toString('hex'),
    '09d7a3703d0ad7d33f' +
      '2a170a0c6370755f7072657373757265117b14ae47e17ab43f' +
      '42180a0d63617061636974795f63707573110000000000000040' +
      '499a9999999999d93f',
  )
})

test('a key of more than 127 bytes has a length of two', (t: TestContext) => {
  const key = 'x'.repeat(200)
  const bytes = orcaBytes({ named_metrics: { [key]: 1 } })
  t.assert.equal(bytes.toString('hex', 0, 6), '42d4010ac801')
  t.assert.equal(bytes.length, 3 + 3 + 200 + 9)
})

test('a format is asked for in capitals or not, and nothing else asks for one', (t: TestContext) => {
  t.assert.equal(orcaFormatOf('TEXT'), 'TEXT')
  t.assert.equal(orcaFormatOf(' json '), 'JSON')
  t.assert.equal(orcaFormatOf('bin'), 'BIN')
  for (const value of [undefined, '', 'XML', 'TEXT, JSON', 'constructor', ['TEXT', 'BIN']]) {
    t.assert.equal(orcaFormatOf(value), null)
  }
})
