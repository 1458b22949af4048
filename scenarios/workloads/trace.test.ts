import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { workloadNamed, workloadOn } from './catalogue.ts'
import { bareFacts } from './test/proxied-anvils.ts'
import { isTrace, readTrace, TraceError, traceName } from './trace.ts'
import { callOf } from './workload.ts'

const { signal } = new AbortController()
const lines = [
  { atMs: 5_000, method: 'eth_blockNumber', params: [] },
  { atMs: 5_100, method: 'eth_getBalance', params: [`0x${'11'.repeat(20)}`, 'latest'] },
  { atMs: 5_100, method: 'eth_sendRawTransaction', params: ['0x02'] },
  { atMs: 6_000, method: 'eth_blockNumber' },
]

test('a trace is replayed call by call at its own times, scaled by the speed', async (t: TestContext) => {
  const name = traceName(fileWith(t, lines.map((line) => JSON.stringify(line)).join('\n')), 2)
  t.assert.ok(isTrace(name))
  const workload = workloadNamed(name)
  t.assert.deepEqual([...(workload.recordedMs ?? [])], [0, 50, 50, 500])
  const arrivalsMs = workload.recordedMs ?? new Float64Array()
  const context = { url: '', facts: bareFacts, seed: 1, stream: '', arrivalsMs, signal }
  const script = await workload.script?.(context)
  t.assert.deepEqual(
    lines.map(() => script?.next()),
    [
      { kind: 0, row: 0, method: 'eth_blockNumber', params: [] },
      { kind: 0, row: 1, method: 'eth_getBalance', params: lines[1]?.params },
      { kind: 1, row: 2, method: 'eth_sendRawTransaction', params: ['0x02'] },
      { kind: 0, row: 0, method: 'eth_blockNumber', params: [] },
    ],
  )
})

test('its rows are its methods, as often as it calls them; a write is not repeated for itself', (t: TestContext) => {
  const name = traceName(fileWith(t, lines.map((line) => JSON.stringify(line)).join('\n')), 1)
  const workload = workloadNamed(workloadOn(true, name))
  t.assert.deepEqual(
    workload.rows.map(({ method, weight, class: kind }) => [method, weight, kind]),
    [
      ['eth_blockNumber', 2, 'read'],
      ['eth_getBalance', 1, 'read'],
      ['eth_sendRawTransaction', 1, 'write'],
    ],
  )
  const alone = workload.rows.map((row) => callOf(workload, row, bareFacts, () => 0.5).method)
  t.assert.deepEqual(alone, ['eth_blockNumber', 'eth_getBalance', 'eth_blockNumber'])
})

test('what is no trace is refused with file and line', (t: TestContext) => {
  for (const [text, words] of [
    ['', /no calls/],
    [
      '{"atMs":1,"method":"eth_chainId"}\n{"atMs":0,"method":"eth_chainId"}',
      /line 2: atMs is less/,
    ],
    ['{"atMs":1,"method":"eth_chainId"}\nnonsense', /line 2: /],
    ['{"atMs":"soon","method":"eth_chainId"}', /line 1: atMs: /],
  ] as const) {
    t.assert.throws(
      () => readTrace(fileWith(t, text)),
      (error) => error instanceof TraceError && words.test(error.message),
    )
  }
  t.assert.throws(() => readTrace('/nowhere/at/all'), TraceError)
})

function fileWith(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-trace-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'trace.ndjson')
  writeFileSync(file, text)
  return file
}
