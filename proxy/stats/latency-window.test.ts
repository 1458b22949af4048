import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { LatencyWindow, relativeError } from './latency-window.ts'

const roundTripsMs = fc.array(
  fc.double({ min: Math.log(0.06), max: Math.log(100_000), noNaN: true }).map(Math.exp),
  { minLength: 1, maxLength: 400 },
)

test('a quantile is within the promised error of the nearest-rank one', (t: TestContext) => {
  fc.assert(
    fc.property(roundTripsMs, (samples) => {
      const { window } = windowAt(0)
      for (const ms of samples) window.record(ms)
      const sorted = samples.toSorted((a, b) => a - b)
      const got = window.quantiles() ?? { p50: 0, p99: 0 }
      t.assert.ok(off(got.p50, nearestRank(sorted, 0.5)) <= relativeError + 1e-9)
      t.assert.ok(off(got.p99, nearestRank(sorted, 0.99)) <= relativeError + 1e-9)
    }),
  )
})

test('what was recorded within 50 s counts, what is older than 60 s does not', (t: TestContext) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e7 }),
      fc.integer({ min: 0, max: 200_000 }),
      (fromMs, sinceMs) => {
        const { window, clock } = windowAt(fromMs)
        window.record(5)
        clock.ms += sinceMs
        const found = window.quantiles() !== null
        if (sinceMs <= 50_000) t.assert.ok(found)
        if (sinceMs >= 60_000) t.assert.ok(!found)
      },
    ),
  )
})

test('a slot that comes round again forgets what it held', (t: TestContext) => {
  const { window, clock } = windowAt(0)
  for (let i = 0; i < 1000; i += 1) window.record(1000)
  clock.ms = 60_000
  window.record(1)
  t.assert.ok((window.quantiles()?.p99 ?? Number.NaN) < 1.1)
})

test('before the first round trip there are no quantiles', (t: TestContext) => {
  t.assert.equal(windowAt(0).window.quantiles(), null)
})

test('a round trip outside the bounds is read as the bound', (t: TestContext) => {
  const { window } = windowAt(0)
  window.record(0)
  t.assert.equal(window.quantiles()?.p50, 0.05)
  for (let i = 0; i < 9; i += 1) window.record(1e9)
  t.assert.ok(off(window.quantiles()?.p50 ?? 0, 120_000) < 0.08)
})

function windowAt(ms: number) {
  const clock = { ms, nowMs: () => clock.ms }
  return { clock, window: new LatencyWindow(clock) }
}

function nearestRank(sorted: readonly number[], quantile: number): number {
  return sorted[Math.ceil(quantile * sorted.length) - 1] ?? Number.NaN
}

function off(estimate: number, exact: number): number {
  return Math.abs(estimate - exact) / exact
}
