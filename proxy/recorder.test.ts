import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseRecordLine } from './record.ts'
import { Recorder } from './recorder.ts'
import { cpuWork } from './state/work.ts'

const nodes = [
  { id: 'a', cores: 0.5 },
  { id: 'b', cores: null },
]
const report = { id: 'a', name: 'a', x: { cpu: 0.5 }, cap: {}, raw: {}, src: 'x', age: 3 }

test('what is written can be read: start, calls, reports, strategies', async (t: TestContext) => {
  const { recorder, clock, lines } = recording(t)
  clock.ms = 110
  recorder.call(cpuWork(5), 102, 2, undefined, 'a', 3, false)
  recorder.call(cpuWork(5), 102, 2, ['c'], null, 8, true)
  recorder.report('a', 1_700_000_000_000, report)
  recorder.strategy('prequal')
  recorder.join({ id: 'c', cores: 2 })
  recorder.leave('a')
  await recorder.close()
  const common = { k: 'call', t: 2, key: 'cpu/5', kind: 'read', cpuMs: 5, diskMs: 0, among: 2 }
  t.assert.deepEqual(lines(), [
    { k: 'start', v: 1, t: 0, wall: 7, strategy: 'state-space', nodes },
    { ...common, node: 'a', heldMs: 3, tookMs: 5, failed: false },
    { ...common, out: ['c'], node: null, heldMs: 8, tookMs: 0, failed: true },
    { k: 'report', t: 10, node: 'a', sent: 1_700_000_000_000, report },
    { k: 'strategy', t: 10, strategy: 'prequal' },
    { k: 'join', t: 10, node: 'c', cores: 2 },
    { k: 'leave', t: 10, node: 'a' },
  ])
})

test('a record ends at its limit, says so in its last line and once in the log', async (t: TestContext) => {
  const { recorder, lines, file, told } = recording(t, 4_000)
  for (let i = 0; i < 1_000; i += 1) recorder.call(cpuWork(5), 100, 2, undefined, 'a', 0, false)
  await recorder.close()
  t.assert.equal(lines().at(-1)?.k, 'full')
  t.assert.ok(statSync(file).size < 4_100)
  t.assert.deepEqual(told, ['the record ended: it grew to its limit'])
})

test('the file is its owner’s alone', async (t: TestContext) => {
  const { recorder, file } = recording(t)
  await recorder.close()
  t.assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('a file that cannot be written ends the record, not the proxy', async (t: TestContext) => {
  const { recorder, told } = recording(t, 1e6, '/nowhere/at/all')
  recorder.call(cpuWork(5), 100, 2, undefined, 'a', 0, false)
  await recorder.close()
  t.assert.deepEqual(told, ['the record ended: its file cannot be written'])
})

test('what is no line of a record is refused', (t: TestContext) => {
  for (const text of ['', '{}', '{"k":"call"}', '{"k":"start","v":2}', '{"k":"report","t":1}']) {
    t.assert.throws(() => parseRecordLine(text), text)
  }
})

function recording(t: TestContext, maxBytes = 1e6, at?: string) {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-record-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = at ?? join(folder, 'record.ndjson')
  const clock = { ms: 100, nowMs: () => clock.ms }
  const told: string[] = []
  const options = { file, maxBytes, strategy: 'state-space', nodes, wallMs: 7 }
  const recorder = new Recorder(options, clock, (_details, message) => told.push(message))
  const lines = () => readFileSync(file, 'utf8').trim().split('\n').map(parseRecordLine)
  return { recorder, clock, file, told, lines }
}
