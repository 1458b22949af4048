import { type TestContext, test } from 'node:test'
import { theoryOf } from '../generator/theory.ts'
import { Latencies } from '../measure/latencies.ts'
import { poissonArrivals } from './arrivals.ts'
import { type BookOptions, type Entry, LoadBook } from './book.ts'
import { randomStream } from './random.ts'

const call = { kind: 0, method: 'eth_chainId', params: [], row: 0 }

/** Long enough for a p99 within a percent or two. */
const calls = 600_000
const serviceMs = 10

/**
 * A single server, first come first served, in a time of its own: each call is answered when the
 * one before it has been, and its own service is over (Lindley's recursion).
 */
function served(ratePerSecond: number, serviceOf: (i: number) => number): Latencies {
  const durationMs = (calls / ratePerSecond) * 1000
  const arrivals = poissonArrivals(ratePerSecond, durationMs, randomStream(7, 'theory'))
  const book = bookOf({ durationMs, maxInFlight: Number.POSITIVE_INFINITY })
  let freeMs = 0
  for (const [i, dueMs] of arrivals.entries()) {
    const entry = entered(book, dueMs)
    freeMs = Math.max(dueMs, freeMs) + serviceOf(i)
    book.settle(entry, { failure: null, detail: null, endMs: freeMs, result: '0x1' })
  }
  return latenciesOf(book)
}

for (const load of [0.5, 0.7]) {
  const ratePerSecond = (load / serviceMs) * 1000

  test(`M/M/1 at ${load}: mean and p99 are those of theory within 3 %`, (t: TestContext) => {
    const random = randomStream(7, 'service')
    const latencies = served(ratePerSecond, () => -Math.log(1 - random()) * serviceMs)
    const { meanMs, p99Ms } = theoryOf('M/M/1', load, serviceMs)
    isNear(t, latencies.meanMs, meanMs)
    isNear(t, latencies.percentileMs(99), p99Ms)
  })

  test(`M/D/1 at ${load}: mean and p99 are those of theory within 3 %`, (t: TestContext) => {
    const latencies = served(ratePerSecond, () => serviceMs)
    const { meanMs, p99Ms } = theoryOf('M/D/1', load, serviceMs)
    isNear(t, latencies.meanMs, meanMs)
    isNear(t, latencies.percentileMs(99), p99Ms)
  })
}

test('a call that could not be sent when it was due is charged for the delay', (t: TestContext) => {
  const book = bookOf({})
  const entry = entered(book, 100)
  book.sent(entry, 130)
  book.settle(entry, { failure: null, detail: null, endMs: 140, result: '0x1' })
  const { lateness } = book.result()
  t.assert.ok(Math.abs(lateness.maxMs - 30) < 0.1)
  isNear(t, latenciesOf(book).maxMs, 40)
})

test('a call above the bound fails at once, and room made lets the next one through', (t: TestContext) => {
  const book = bookOf({ maxInFlight: 1 })
  const first = entered(book, 1)
  t.assert.equal(book.begin(call, 2), null)
  book.settle(first, { failure: null, detail: null, endMs: 3, result: '0x1' })
  t.assert.notEqual(book.begin(call, 4), null)
  const { classes, mostInFlight } = book.result()
  t.assert.deepEqual([classes['only']?.sent, classes['only']?.failures], [3, { overflow: 1 }])
  t.assert.equal(mostInFlight, 1)
})

test('slowdown is latency ÷ the time of the same call on an idle node', (t: TestContext) => {
  const book = bookOf({ idleMs: [2] })
  for (const latencyMs of [2, 4, 30]) {
    const entry = entered(book, 10)
    book.settle(entry, { failure: null, detail: null, endMs: 10 + latencyMs, result: '0x1' })
  }
  const { slowdown } = book.result()
  isNear(t, slowdown?.mean ?? 0, 6)
  isNear(t, slowdown?.p99 ?? 0, 15)
  t.assert.equal(bookOf({}).result().slowdown, null)
})

test('a head below one that was shown before is a step back, one under way since before is not', (t: TestContext) => {
  const book = bookOf({})
  const ask = { ...call, method: 'eth_blockNumber' }
  const entry = (): Entry => book.begin(ask, 0) ?? fail()
  const answer = (one: Entry, result: string) =>
    book.settle(one, { failure: null, detail: null, endMs: 1, result })
  t.assert.equal(book.result().backwardSteps, null)
  const [first, beside] = [entry(), entry()]
  answer(first, '0x5')
  answer(beside, '0x4')
  t.assert.equal(book.result().backwardSteps, 0)
  answer(entry(), '0x4')
  t.assert.equal(book.result().backwardSteps, 1)
})

test('a time series holds every call of the window where it was due', (t: TestContext) => {
  const book = bookOf({ warmupMs: 100, durationMs: 1200 })
  for (const dueMs of [50, 100, 650, 1299]) {
    const entry = entered(book, dueMs)
    book.settle(entry, { failure: null, detail: null, endMs: dueMs + 8, result: '0x1' })
  }
  const { series } = book.result()
  t.assert.deepEqual(series.sent, [1, 1, 1])
  t.assert.ok(series.meanMs.every((ms) => ms !== null && Math.abs(ms - 8) < 0.1))
})

function bookOf(options: Partial<BookOptions>): LoadBook {
  const common = { classes: ['only'], warmupMs: 0, durationMs: 1000, maxInFlight: 10, idleMs: [] }
  return new LoadBook({ ...common, ...options })
}

function entered(book: LoadBook, dueMs: number): Entry {
  return book.begin(call, dueMs) ?? fail()
}

function fail(): never {
  throw new Error('refused')
}

function latenciesOf(book: LoadBook): Latencies {
  const { histogram = '', meanMs = 0 } = book.result().classes['only'] ?? {}
  return Latencies.decode(histogram, meanMs)
}

function isNear(t: TestContext, value: number, truth: number): void {
  t.assert.ok(Math.abs(value / truth - 1) < 0.03, `${value}, not ${truth}`)
}
