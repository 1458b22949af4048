import { type TestContext, test } from 'node:test'
import { defaultChoice, parseStrategy, strategyNames } from '../../proxy/index.ts'
import { parseRecord, RecordError } from './record-file.ts'
import { replay } from './replay.ts'

const start = {
  k: 'start',
  v: 1,
  t: 0,
  wall: 1_795_000_000_000,
  strategy: 'round-robin',
  nodes: [
    { id: 'a', cores: 1 },
    { id: 'b', cores: 3 },
  ],
}

test('calls that had one node to go to go there under every strategy', (t: TestContext) => {
  const record = parseRecord(textOf(calls({ among: 1, kind: 'write' })))
  for (const name of strategyNames) {
    const { calls: counts, choices } = replay(record, { ...defaultChoice, name }, 1)
    t.assert.deepEqual([choices, counts], [0, [100, 100]], name)
  }
})

test('round-robin, replayed, does what round-robin did', (t: TestContext) => {
  const {
    calls: counts,
    same,
    choices,
  } = replay(parseRecord(textOf(calls({}))), parseStrategy('round-robin'), 1)
  t.assert.deepEqual(counts, [100, 100])
  t.assert.equal(choices, 200)
  t.assert.ok(same === 0 || same === 200, String(same))
})

test('weighted least-connection would have sent three times as many to three times the cores', (t: TestContext) => {
  const busy = calls({ tookMs: 200 })
  const chosen = replay(parseRecord(textOf(busy)), parseStrategy('weighted-least-connection'), 1)
  const [small = 0, large = 0] = chosen.calls
  t.assert.equal(small + large, 200)
  t.assert.ok(large > 2.5 * small && large < 3.5 * small, `${small} and ${large}`)
  t.assert.ok(chosen.mostInFlight >= 10 && chosen.mostInFlight <= 20)
})

test('a node takes calls from when it came until it left', (t: TestContext) => {
  const lines = [
    { k: 'join', t: 500, node: 'c', cores: 1 },
    { k: 'leave', t: 500, node: 'a' },
    ...calls({}),
  ]
  const record = parseRecord(textOf(lines))
  t.assert.deepEqual(record.nodeIds, ['a', 'b', 'c'])
  const { calls: counts } = replay(record, parseStrategy('round-robin'), 1)
  // 50 calls to two, then 150 to two.
  const [a = 0, b = 0, c = 0] = counts
  t.assert.equal(a + b + c, 200)
  t.assert.ok(Math.abs(a - 25) <= 1 && Math.abs(c - 75) <= 1, counts.join())
})

test('a call goes to none of the nodes that it could not go to', (t: TestContext) => {
  const nodes = [...start.nodes, { id: 'c', cores: 100 }]
  const lines = calls({}).map((call, i) => (i < 150 ? { ...call, out: ['c'] } : call))
  for (const name of strategyNames) {
    const record = parseRecord(
      textOf(lines).replace(JSON.stringify(start.nodes), JSON.stringify(nodes)),
    )
    const { calls: counts, choices } = replay(record, { ...defaultChoice, name }, 1)
    const [a = 0, b = 0, c = 0] = counts
    t.assert.deepEqual([choices, a + b + c], [200, 200], name)
    t.assert.ok(c <= 50, `${name}: ${c} to the node that was down for 150 of 200`)
    if (name === 'weighted-least-connection') t.assert.equal(c, 50)
  }
})

test('what the agents said is heard again', (t: TestContext) => {
  const report = {
    id: 'b',
    name: 'b',
    x: { cpu: 1, memory: 1 },
    cap: {},
    raw: {},
    src: 'proc',
    age: 0,
  }
  const idle = { ...report, id: 'a', name: 'a', x: { cpu: 0, memory: 0 } }
  const lines = [
    { k: 'report', t: 0, node: 'b', sent: start.wall, report },
    { k: 'report', t: 0, node: 'a', sent: start.wall, report: idle },
    ...calls({}),
  ]
  const { calls: counts } = replay(parseRecord(textOf(lines)), parseStrategy('nearest-origin'), 1)
  t.assert.deepEqual(counts, [200, 0])
})

test('a last line that was cut off is left out, any other is an error with its number', (t: TestContext) => {
  const text = textOf(calls({}))
  t.assert.equal(parseRecord(text.slice(0, -30)).calls.length, 199)
  t.assert.throws(() => parseRecord(`${JSON.stringify(start)}\n{"k":\n`), /line 2: /)
  t.assert.throws(() => parseRecord('\n'), RecordError)
})

/** 200 calls, one each 10 ms, by turns to a and b. */
function calls(but: { among?: number; kind?: string; tookMs?: number }): readonly object[] {
  return Array.from({ length: 200 }, (_, i) => ({
    k: 'call',
    t: 1 + 10 * i,
    key: 'eth_call',
    kind: 'read',
    cpuMs: 1,
    diskMs: 0,
    among: 2,
    node: i % 2 === 0 ? 'a' : 'b',
    heldMs: 0,
    tookMs: 1,
    failed: false,
    ...but,
  }))
}

function textOf(lines: readonly unknown[]): string {
  return [start, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('')
}
