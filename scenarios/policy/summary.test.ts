import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Tally } from '../load/tally.ts'
import { Ledger } from './ledger.ts'
import { writeTrialReport } from './report.ts'
import type { Slot } from './slot.ts'
import { summarize } from './summary.ts'

test('a ratio is the geometric mean of pairs of one seed', (t: TestContext) => {
  const [cell] = summarize(
    [slot('base', 1, 10), slot('base', 2, 40), slot('new', 1, 5), slot('new', 2, 40)],
    'base',
  )
  const line = cell?.lines.find(({ strategy }) => strategy === 'new')
  t.assert.equal(line?.pairs, 2)
  const { paired, least, most } = line?.ratios?.meanMs ?? {}
  t.assert.ok(Math.abs((paired?.value ?? 0) - Math.SQRT1_2) < 1e-9)
  t.assert.deepEqual([least, most], [0.5, 1])
})

test('a seed that the baseline lacks makes no pair, and a dropped slot counts nowhere', (t: TestContext) => {
  const [cell] = summarize(
    [slot('base', 1, 10), slot('new', 1, 20), slot('new', 2, 90), slot('new', 1, 500, 'busy')],
    'base',
  )
  const line = cell?.lines.find(({ strategy }) => strategy === 'new')
  t.assert.deepEqual([cell?.dropped, line?.slots, line?.pairs], [1, 2, 1])
  t.assert.equal(line?.ratios?.meanMs.paired.value, 2)
})

test('light calls are told apart from the others', (t: TestContext) => {
  const [cell] = summarize([slot('base', 1, 10)], 'base')
  const [line] = cell?.lines ?? []
  t.assert.ok(Math.abs((line?.meanMs ?? 0) - 10) < 0.01)
  t.assert.ok(Math.abs((line?.lightP95Ms ?? 0) - 5) < 0.01)
  t.assert.ok(Math.abs((line?.heavyMeanMs ?? 0) - 15) < 0.02)
})

test('what was measured is found again, and reported', async (t: TestContext) => {
  const directory = await mkdtemp(join(tmpdir(), 'equipoise-ledger-'))
  t.after(() => rm(directory, { recursive: true }))
  const ledger = await Ledger.open(directory)
  await ledger.add(slot('base', 1, 10))
  await ledger.add(slot('new', 1, 7, 'busy'))
  const again = await Ledger.open(directory)
  const place = { profile: 'equal', load: 0.7, seed: 1 }
  t.assert.equal(again.has({ ...place, strategy: 'base' }), true)
  t.assert.equal(again.has({ ...place, strategy: 'new' }), false)
  t.assert.equal(again.slots[1]?.dropped, 'busy')
  await again.add(slot('new', 1, 7))
  const text = await writeTrialReport(directory, 'base', 'the rule', false)
  t.assert.match(text, /^equal at 0\.7\n/)
  t.assert.match(text, /new +1 +0\.70 \[0\.70–0\.70\]/)
  await writeFile(join(directory, 'slots.ndjson'), '{"profile":"equal"}\n')
  await t.assert.rejects(Ledger.open(directory), /slots\.ndjson:1 is no slot/)
})

/** As many light calls of half the mean as heavy ones of one and a half. */
function slot(strategy: string, seed: number, meanMs: number, dropped: string | null = null): Slot {
  const tally = (ms: number) => {
    const made = new Tally()
    for (let i = 0; i < 100; i += 1) {
      made.send()
      made.succeed(ms, true)
    }
    return { ...made.close(), failures: {} }
  }
  return {
    ...{
      client: 'geth',
      profile: 'equal',
      load: 0.7,
      seed,
      strategy,
      startedAt: '2026-01-01T00:00:00Z',
    },
    ...{ ratePerSecond: 200, warmupMs: 1, durationMs: 1000 },
    classes: { light: tally(0.5 * meanMs), heavy: tally(1.5 * meanMs) },
    lateness: { p50Ms: 0.1, p99Ms: 0.2, maxMs: 0.3 },
    mostInFlight: 3,
    examples: [],
    nodes: [{ id: 'geth-1', calls: 200, cpuCores: 0.5, quotaCores: 1 }],
    cores: { nodes: 0.5, quota: 1, proxy: 0.1, generator: 0.1, agent: 0.01, foreign: 0.01 },
    generatorBusy: 0.1,
    dropped,
  }
}
