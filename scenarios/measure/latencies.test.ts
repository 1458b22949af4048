import { type TestContext, test } from 'node:test'
import { poissonArrivals } from '../load/arrivals.ts'
import { randomStream } from '../load/random.ts'
import { Latencies } from './latencies.ts'

const samplesMs = Array.from(poissonArrivals(20, 1_000_000, randomStream(1, 'arrivals')))
  .map((atMs, i, all) => atMs - (all[i - 1] ?? 0))
  .map((gapMs) => gapMs + 0.2)
const sortedMs = samplesMs.toSorted((a, b) => a - b)

test('percentiles are those of the raw values within 0.2 %', (t: TestContext) => {
  const latencies = recorded(samplesMs)
  for (const percent of [1, 50, 90, 95, 99, 99.9, 100]) {
    // The histogram's rule is the nearest rank, without a line drawn between neighbours.
    const raw = sortedMs[Math.ceil((percent / 100) * sortedMs.length) - 1] ?? 0
    const error = Math.abs(latencies.percentileMs(percent) / raw - 1)
    t.assert.ok(error < 0.002, `p${percent} off by ${error}`)
  }
})

test('the mean is exact and the count whole', (t: TestContext) => {
  const latencies = recorded([1, 2, 4.5])
  t.assert.equal(latencies.meanMs, 2.5)
  t.assert.equal(latencies.count, 3)
})

test('what is encoded is decoded the same', (t: TestContext) => {
  const before = recorded(samplesMs)
  const after = Latencies.decode(before.encoded(), before.meanMs)
  t.assert.equal(after.count, before.count)
  t.assert.ok(Math.abs(after.meanMs / before.meanMs - 1) < 1e-12)
  for (const percent of [50, 99, 99.9]) {
    const drift = after.percentileMs(percent) / before.percentileMs(percent)
    t.assert.ok(Math.abs(drift - 1) < 0.001)
  }
})

test('two halves added are the whole', (t: TestContext) => {
  const half = samplesMs.length >> 1
  const whole = recorded(samplesMs.slice(0, half))
  whole.add(recorded(samplesMs.slice(half)))
  whole.add(Latencies.empty())
  t.assert.equal(whole.count, samplesMs.length)
  t.assert.equal(whole.percentileMs(99), recorded(samplesMs).percentileMs(99))
})

test('no calls have no latency rather than a wrong one', (t: TestContext) => {
  const none = Latencies.decode(Latencies.empty().encoded(), 0)
  t.assert.deepEqual([none.count, none.meanMs, none.maxMs, none.percentileMs(99)], [0, 0, 0, 0])
})

test('an hour and more count as an hour, a clock that slipped as nothing', (t: TestContext) => {
  const odd = recorded([1e12, -3])
  t.assert.ok(Math.abs(odd.maxMs / 3_600_000 - 1) < 0.001)
  t.assert.equal(odd.percentileMs(0), 0)
})

function recorded(valuesMs: readonly number[]): Latencies {
  const latencies = Latencies.empty()
  for (const ms of valuesMs) latencies.record(ms)
  return latencies
}
