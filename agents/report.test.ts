import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { maxNodesPerReport, parseReport, ReportError } from './report.ts'

const node = {
  id: 'geth-1',
  name: 'geth-1',
  x: { cpu_pressure: 0.08, cpu: 0.42 },
  cap: { cpus: 0.5, mem: 536_870_912 },
  raw: { at_ms: 12.5, cpu_cores: 0.21, nr_periods: 7 },
  src: 'cgroup2',
  age: 3,
}
const line = { v: 1, host: 'h1', seq: 8123, t: 1_795_190_400_123, interval: 250, nodes: [node] }

test('a report is taken as it is', (t) => {
  t.assert.deepEqual(parseReport(line), line)
})

test('fields that are not known are left out, not refused', (t) => {
  const more = { ...line, hello: 1, nodes: [{ ...node, x: { ...node.x, heat: 0.5 }, y: 1 }] }
  t.assert.deepEqual(parseReport(more), line)
})

test('a node without a name has its id for one', (t) => {
  const { name: _, ...nameless } = node
  t.assert.equal(parseReport({ ...line, nodes: [nameless] }).nodes[0]?.name, 'geth-1')
})

test('a report names the field that is wrong', (t) => {
  for (const [wrong, path] of [
    [{ v: 2 }, 'v'],
    [{ host: '' }, 'host'],
    [{ seq: -1 }, 'seq'],
    [{ t: Number.NaN }, 't'],
    [{ interval: 0 }, 'interval'],
    [{ nodes: {} }, 'nodes'],
    [{ nodes: Array(maxNodesPerReport + 1).fill(node) }, 'nodes'],
    [{ nodes: [null] }, 'nodes[0]'],
    [{ nodes: [node, { ...node, id: 7 }] }, 'nodes[1].id'],
    [{ nodes: [{ ...node, x: { cpu: 1.01 } }] }, 'nodes[0].x.cpu'],
    [{ nodes: [{ ...node, x: { cpu: Number.POSITIVE_INFINITY } }] }, 'nodes[0].x.cpu'],
    [{ nodes: [{ ...node, x: { memory: '0.5' } }] }, 'nodes[0].x.memory'],
    [{ nodes: [{ ...node, x: { memory: null } }] }, 'nodes[0].x.memory'],
    [{ nodes: [{ ...node, cap: { cpus: 0 } }] }, 'nodes[0].cap.cpus'],
    [{ nodes: [{ ...node, raw: { at_ms: -1 } }] }, 'nodes[0].raw.at_ms'],
    [{ nodes: [{ ...node, gone: 1 }] }, 'nodes[0].gone'],
    [{ nodes: [{ ...node, age: -1 }] }, 'nodes[0].age'],
  ] as const) {
    const parse = () => parseReport({ ...line, ...wrong })
    t.assert.throws(parse, (error) => error instanceof ReportError && error.path === path, path)
  }
})

test('whatever is sent, the answer is a report or a ReportError', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      try {
        parseReport(value)
      } catch (error) {
        if (!(error instanceof ReportError)) throw error
      }
    }),
    { numRuns: 500, seed: 5 },
  )
})

const hostile = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: 0.01, max: 1, noNaN: true }) },
  fc.double(),
  fc.constantFrom(0, 1, -1, -0, 1e308, 5e-324, Number.NaN, Infinity, -Infinity, 2 ** 53),
  fc.anything(),
)

test('of hostile figures none is taken that is not finite and within its range', (t: TestContext) => {
  const figures = (names: readonly string[]) =>
    fc.dictionary(fc.constantFrom(...names, 'heat', '__proto__', 'constructor'), hostile)
  const nodes = fc.record({
    x: figures(['cpu', 'memory', 'cpu_pressure', 'disk']),
    cap: figures(['cpus', 'mem']),
    raw: figures(['at_ms', 'cpu_usage_s', 'nr_periods']),
    age: hostile,
  })
  let taken = 0
  fc.assert(
    fc.property(nodes, hostile, hostile, (figures, seq, interval) => {
      try {
        const sent = { ...line, seq, interval, nodes: [{ ...node, ...figures }] }
        const {
          nodes: [read],
          ...report
        } = parseReport(sent)
        taken += 1
        const { x = {}, cap = {}, raw = {}, age = -1 } = read ?? {}
        const all = [report.seq, report.interval, age, ...[x, cap, raw].flatMap(Object.values)]
        t.assert.ok(
          all.every((value) => Number.isFinite(value) && value >= 0),
          all.join(),
        )
        t.assert.ok(Object.values(x).every((value) => value <= 1))
        t.assert.ok(Object.values(cap).every((value) => value > 0))
        t.assert.equal(Object.getPrototypeOf(x), Object.prototype)
      } catch (error) {
        if (!(error instanceof ReportError)) throw error
      }
    }),
    { numRuns: 2000, seed: 7 },
  )
  t.assert.ok(taken > 0)
})

test('of a million dimensions those of the contract are read, and no others', (t: TestContext) => {
  const x: Record<string, number> = { cpu: 0.42 }
  for (let i = 0; i < 1_000_000; i += 1) x[`d${i}`] = 1
  const [read] = parseReport({ ...line, nodes: [{ ...node, x, raw: x, cap: x }] }).nodes
  t.assert.deepEqual([read?.x, read?.raw, read?.cap], [{ cpu: 0.42 }, {}, {}])
})
