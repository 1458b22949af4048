import { type TestContext, test } from 'node:test'
import { RoundTrip } from './round-trip.ts'

/** Calls that are said to cost `saidMs` and take `tookMs` on a node `awayMs` away. */
function learn(trip: RoundTrip, calls: number, saidMs: number, tookMs: number, awayMs: number) {
  for (let i = 0; i < calls; i++) trip.learn(tookMs + awayMs, saidMs)
}

test('a node far away is known to be, from its light calls and its heavy ones', (t: TestContext) => {
  for (const costMs of [0.2, 20]) {
    const trip = new RoundTrip()
    learn(trip, 7, costMs, costMs, 8)
    t.assert.equal(trip.ms, 0)
    learn(trip, 1, costMs, costMs, 8)
    t.assert.ok(trip.ms >= 7.5 && trip.ms < 12, `${trip.ms}`)
  }
})

test('a call that was said to cost more than it does hides no round trip', (t: TestContext) => {
  const trip = new RoundTrip()
  learn(trip, 20, 0.2, 0.2, 5)
  learn(trip, 1, 60, 1, 5)
  learn(trip, 20, 6, 0.5, 5)
  t.assert.ok(trip.ms > 4 && trip.ms < 5, `${trip.ms}`)
})

test('beside the proxy nothing is taken for a way', (t: TestContext) => {
  const trip = new RoundTrip()
  learn(trip, 100, 0.3, 0.3, 0.1)
  t.assert.equal(trip.ms, 0)
})

test('a way that has become longer is believed in the end', (t: TestContext) => {
  const trip = new RoundTrip()
  learn(trip, 10, 0.2, 0.2, 1)
  learn(trip, 30_000, 0.2, 0.2, 10)
  t.assert.ok(trip.ms > 9, `${trip.ms}`)
})
