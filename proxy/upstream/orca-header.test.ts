import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type OrcaFormat, orcaFormats, orcaHeaders } from '../../agents/orca.ts'
import type { OrcaReport } from '../../agents/orca-report.ts'
import { type LoadHeaders, parseLoad, reportOfLoad } from './orca-header.ts'

const plain = (text: string): LoadHeaders => ({ plain: text, binary: null })

/** All fields, as Envoy's own test has them. */
const example: OrcaReport = {
  cpu_utilization: 0.7,
  application_utilization: 0.8,
  mem_utilization: 0.9,
  rps_fractional: 1000,
  eps: 2,
  named_metrics: { foo: 123, bar: 0.2 },
}

test('the text of either version is read', (t: TestContext) => {
  const figures = [
    'cpu_utilization=0.7,application_utilization=0.8,mem_utilization=0.9',
    'rps_fractional=1000,eps=2,named_metrics.foo=123,named_metrics.bar=0.2',
  ].join(', ')
  t.assert.deepEqual(plainOf(parseLoad(plain(`TEXT ${figures}`))), example)
  t.assert.deepEqual(plainOf(parseLoad(plain(`TEXT ${figures.replaceAll('=', ':')}`))), example)
  t.assert.deepEqual(parseLoad(plain('TEXT eps=1e-3')), { eps: 0.001 })
  t.assert.deepEqual(parseLoad(plain('TEXT ')), {})
})

test('JSON is read with the names of the definition, and with those of protobuf', (t: TestContext) => {
  t.assert.deepEqual(plainOf(parseLoad(plain(`JSON ${JSON.stringify(example)}`))), example)
  const text = '{"cpuUtilization": 0.7, "rps": "12", "namedMetrics": {"fooBar": 1}}'
  t.assert.deepEqual(plainOf(parseLoad(plain(`JSON ${text}`))), {
    cpu_utilization: 0.7,
    named_metrics: { fooBar: 1 },
  })
})

test('the header in bytes wins, and may lack its padding', (t: TestContext) => {
  const [, bin = '', , bytes = ''] = orcaHeaders(example, 'BIN')
  t.assert.deepEqual(plainOf(parseLoad(plain(bin))), example)
  t.assert.deepEqual(plainOf(parseLoad({ plain: 'nonsense', binary: bytes })), example)
  const bare = bytes.replace(/=+$/, '')
  t.assert.deepEqual(plainOf(parseLoad({ plain: null, binary: bare })), example)
})

test('one wrong figure and nothing of a report is taken', (t: TestContext) => {
  const wrong = {
    'no format': ['', 'BAD x', 'cpu_utilization=0.7', 'text eps=1'],
    twice: [
      'TEXT eps=1,eps=1',
      'TEXT named_metrics.a=1,named_metrics.a=2',
      'JSON {"eps":1,"eps":1}',
      'JSON {"eps":1,"utilization":{"a":0.1,"a":0.2}}',
      'JSON {"cpu_utilization":1,"cpuUtilization":1}',
      'JSON {"named_metrics":{"a\\":":1,"a\\":":1}}',
    ],
    'no number': ['TEXT eps=', 'TEXT eps', 'TEXT eps="1"', 'TEXT eps=0x1', 'TEXT eps=1e99999'],
    'not finite': ['TEXT eps=NaN', 'TEXT eps=inf', 'TEXT eps=Infinity', 'TEXT eps=1e999'],
    'out of range': [
      'TEXT eps=-1',
      'TEXT cpu_utilization=-0.1',
      'TEXT mem_utilization=1.1',
      'TEXT utilization.cpu=1.1',
      'TEXT utilization.cpu=-0.1',
      'JSON {"rps_fractional":-1}',
    ],
    unknown: [
      'TEXT eps=1,unsupported=0.8',
      'TEXT rps=1',
      'TEXT toString=1',
      'TEXT constructor.a=1',
      'JSON {"eps":1,"unknown_field":2}',
      'JSON {"__proto__":{"eps":1}}',
    ],
    'no name': ['TEXT =1', 'TEXT named_metrics.=123', 'JSON {"utilization":{"":1}}'],
    'a wrong type': [
      'JSON',
      'JSON []',
      'JSON null',
      'JSON {"eps":"1"}',
      'JSON {"eps":null}',
      'JSON {"utilization":[1]}',
      'JSON {"utilization":{"a":{"b":1}}}',
      'JSON {"eps":1',
    ],
    'no bytes': ['BIN', 'BIN !', 'BIN CQ==', 'BIN /w==', 'BIN not-a-valid-binary-proto'],
    'too long': [`TEXT ${'eps=1,'.repeat(2_000)}`],
  }
  for (const [why, headers] of Object.entries(wrong)) {
    for (const header of headers)
      t.assert.throws(() => parseLoad(plain(header)), Error, why + header)
  }
})

test('wrong bytes are refused as wrong text is', (t: TestContext) => {
  const double = (field: number, value: number): Buffer => {
    const bytes = Buffer.alloc(9)
    bytes[0] = field * 8 + 1
    bytes.writeDoubleLE(value, 1)
    return bytes
  }
  const refused = [
    double(1, Number.NaN),
    double(1, Number.POSITIVE_INFINITY),
    double(7, -1),
    double(2, 1.5),
    Buffer.concat([double(1, 0.5), double(1, 0.5)]),
    Buffer.of(0x0d, 0, 0, 0, 0),
    Buffer.of(0x19, 0, 0, 0, 0, 0, 0, 0, 0),
    Buffer.of(0x2a, 0xff, 0x01),
    Buffer.of(0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
    Buffer.of(0x2a, 0x03, 0x0a, 0x01, 0xff),
    Buffer.of(0x00),
    Buffer.of(0x0b),
  ]
  for (const bytes of refused) {
    const binary = bytes.toString('base64')
    t.assert.throws(() => parseLoad({ plain: null, binary }), Error, bytes.toString('hex'))
  }
  const later = Buffer.concat([Buffer.of(0x18, 0x96, 0x01), Buffer.of(0x7a, 1, 0), double(7, 2)])
  t.assert.deepEqual(parseLoad({ plain: null, binary: later.toString('base64') }), { eps: 2 })
})

test('what our encoder writes is read as it was, in every form', (t: TestContext) => {
  const key = fc.stringMatching(/^[\w.-]{1,40}$/)
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  const amount = fc.double({ min: 0, max: 1e300, noNaN: true })
  const figure = fc.double({ noNaN: true, noDefaultInfinity: true })
  const map = (value: fc.Arbitrary<number>) => fc.dictionary(key, value, { minKeys: 1, maxKeys: 9 })
  const report = fc.record(
    {
      cpu_utilization: amount,
      mem_utilization: share,
      application_utilization: amount,
      rps_fractional: amount,
      eps: amount,
      utilization: map(share),
      named_metrics: map(figure),
      request_cost: map(figure),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(report, fc.constantFrom(...orcaFormats), (given, format) => {
      t.assert.deepEqual(plainOf(parseLoad(headersOf(given, format))), plainOf(given))
    }),
  )
})

test('whatever a node sends, it is refused in words or is a report within its bounds', (t: TestContext) => {
  const format = fc.constantFrom('TEXT ', 'JSON ', 'BIN ', '')
  const [, text = ''] = orcaHeaders({ ...example, utilization: { cpu: 0.5 } }, 'TEXT')
  const bytes = fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array))
  const header = fc.oneof(
    fc.tuple(format, fc.string({ maxLength: 60 })).map((parts) => parts.join('')),
    fc.tuple(format, fc.json()).map((parts) => parts.join('')),
    bytes.map((each) => `BIN ${each.toString('base64')}`),
    fc.tuple(fc.nat(text.length), fc.string({ maxLength: 3 })).map(([at, put]) => {
      return text.slice(0, at) + put + text.slice(at + 1)
    }),
  )
  const isRead = (given: string): boolean => {
    try {
      const { x, cap } = reportOfLoad('a', parseLoad(plain(given)))
      for (const value of Object.values(x)) t.assert.ok(value >= 0 && value <= 1, given)
      for (const value of Object.values(cap)) t.assert.ok(value > 0 && value < Infinity, given)
      return true
    } catch (error) {
      t.assert.ok(
        error instanceof Error && !(error instanceof TypeError && /undefined/.test(error.message)),
      )
      return false
    }
  }
  let read = 0
  fc.assert(
    fc.property(header, (given) => {
      if (isRead(given)) read += 1
    }),
    { numRuns: 3_000, seed: 11 },
  )
  t.assert.ok(read > 0)
})

test('a load becomes a report of our own: full is full, and what is not said is not there', (t: TestContext) => {
  const load = {
    cpu_utilization: 1.5,
    mem_utilization: 0.25,
    utilization: { cpu_pressure: 0.5, memory: 0.5, gpu: 1 },
    named_metrics: { capacity_cpus: 2, capacity_memory_bytes: -1 },
  }
  const report = reportOfLoad('a', load)
  t.assert.deepEqual(report.x, { cpu_pressure: 0.5, memory: 0.5, cpu: 1 })
  t.assert.deepEqual(report.cap, { cpus: 2 })
  t.assert.deepEqual([report.id, report.src, report.raw, report.age], ['a', 'orca', {}, 0])
})

function headersOf(report: OrcaReport, format: OrcaFormat): LoadHeaders {
  const lines = orcaHeaders(report, format)
  const at = lines.indexOf('endpoint-load-metrics-bin')
  return { plain: lines[1] ?? null, binary: at < 0 ? null : (lines[at + 1] ?? null) }
}

/** With prototypes, as literals have them. */
function plainOf(report: OrcaReport): OrcaReport {
  return JSON.parse(JSON.stringify(report))
}
