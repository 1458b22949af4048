import { type TestContext, test } from 'node:test'
import {
  type ArrivalShape,
  arrivalShapes,
  arrivalsInWords,
  arrivalsOf,
  burstyRates,
  poissonArrivals,
} from './arrivals.ts'
import { randomStream, shuffled } from './random.ts'

const ratePerSecond = 300
const arrivals = poissonArrivals(ratePerSecond, 1_000_000, randomStream(1, 'arrivals'))
const gapsMs = Array.from(arrivals, (atMs, i) => atMs - (arrivals[i - 1] ?? 0))

test('the same seed gives the same arrivals, another seed others', (t: TestContext) => {
  const draw = (seed: number) => poissonArrivals(50, 10_000, randomStream(seed, 'arrivals'))
  t.assert.deepEqual(draw(7), draw(7))
  t.assert.notDeepEqual(draw(7), draw(8))
})

test('streams of one seed with different names are unrelated', (t: TestContext) => {
  const a = randomStream(1, 'arrivals')
  const b = randomStream(1, 'calls')
  const n = 100_000
  let product = 0
  for (let i = 0; i < n; i += 1) product += (a() - 0.5) * (b() - 0.5)
  // Independent: mean 0, standard deviation 1/12 ÷ √n; five of them is one chance in two million.
  t.assert.ok(Math.abs(product / n) < 5 / 12 / Math.sqrt(n))
})

test('as many arrive as the rate says, within five standard deviations', (t: TestContext) => {
  const expected = ratePerSecond * 1000
  t.assert.ok(Math.abs(arrivals.length - expected) < 5 * Math.sqrt(expected))
})

test('arrivals grow and end before the duration', (t: TestContext) => {
  t.assert.ok(gapsMs.every((gap) => gap >= 0))
  t.assert.ok((arrivals.at(-1) ?? Number.POSITIVE_INFINITY) < 1_000_000)
})

test('gaps are exponential', (t: TestContext) => {
  t.assert.ok(isExponential(gapsMs, 1000 / ratePerSecond))
})

test('gaps do not remember each other', (t: TestContext) => {
  const meanMs = 1000 / ratePerSecond
  let product = 0
  for (let i = 1; i < gapsMs.length; i += 1) {
    product += ((gapsMs[i] ?? 0) - meanMs) * ((gapsMs[i - 1] ?? 0) - meanMs)
  }
  const correlation = product / gapsMs.length / meanMs ** 2
  t.assert.ok(Math.abs(correlation) < 5 / Math.sqrt(gapsMs.length), `correlation ${correlation}`)
})

test('in front of one server with a fixed service time they wait as M/D/1 does', (t: TestContext) => {
  const serviceMs = 1
  const random = randomStream(3, 'arrivals')
  const times = poissonArrivals(700, 3_000_000, random)
  let freeAtMs = 0
  let waitedMs = 0
  for (const atMs of times) {
    const startMs = Math.max(atMs, freeAtMs)
    waitedMs += startMs - atMs
    freeAtMs = startMs + serviceMs
  }
  // Pollaczek and Khinchine: W = ρ · service ÷ (2 (1 − ρ)), ρ = 0.7.
  const theoryMs = (0.7 * serviceMs) / (2 * 0.3)
  const ratio = waitedMs / times.length / theoryMs
  t.assert.ok(Math.abs(ratio - 1) < 0.03, `measured ÷ theory ${ratio}`)
})

test('every shape has the mean rate it is asked for, grows, and is the same for the same seed', (t: TestContext) => {
  for (const shape of Object.values(arrivalShapes)) {
    const draw = (seed: number) => arrivalsOf(shape, 200, 2_000_000, randomStream(seed, shape.kind))
    const times = draw(1)
    const expected = 400_000
    // Bursts make counts vary more, by the index of dispersion that another law holds to theory.
    const spread = shape.kind === 'bursty' ? dispersion(shape, 200, Number.POSITIVE_INFINITY) : 1
    const deviation = Math.sqrt(expected * spread)
    t.assert.ok(Math.abs(times.length - expected) < 5 * deviation, `${shape.kind}: ${times.length}`)
    t.assert.ok(times.every((atMs, i) => atMs >= (times[i - 1] ?? 0)))
    t.assert.ok((times.at(-1) ?? Number.POSITIVE_INFINITY) < 2_000_000)
    t.assert.deepEqual(times, draw(1))
    t.assert.notDeepEqual(times, draw(2))
  }
})

test('bursty counts vary as the theory of MMPP says, in short windows and in long ones', (t: TestContext) => {
  const shape = { ...arrivalShapes.bursty, factor: 8, calmMs: 400, burstMs: 100 }
  const durationMs = 20_000_000
  const times = arrivalsOf(shape, 100, durationMs, randomStream(1, 'bursty'))
  for (const windowMs of [20, 200, 5_000]) {
    const counts = new Float64Array(durationMs / windowMs)
    for (const atMs of times) {
      const at = Math.floor(atMs / windowMs)
      counts[at] = (counts[at] ?? 0) + 1
    }
    const mean = times.length / counts.length
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length
    const ratio = variance / mean / dispersion(shape, 100, windowMs)
    t.assert.ok(Math.abs(ratio - 1) < 0.08, `${windowMs} ms: measured ÷ theory ${ratio}`)
  }
})

test('a rate that changes is a Poisson process once time is stretched by it', (t: TestContext) => {
  const durationMs = 1_000_000
  const ratePerSecond = 100
  for (const shape of [
    arrivalShapes.ramp,
    { kind: 'ramp', from: 1.75 },
    { kind: 'ramp', from: 1 },
    { kind: 'ramp', from: 0 },
    arrivalShapes.step,
    { kind: 'step', from: 0 },
  ] as const) {
    const times = arrivalsOf(shape, ratePerSecond, durationMs, randomStream(7, shape.kind))
    const gaps = Array.from(times, (atMs, i) => {
      const expectedBy = (ms: number) =>
        ((ratePerSecond * durationMs) / 1000) * cumulative(shape, ms / durationMs)
      return expectedBy(atMs) - (i === 0 ? 0 : expectedBy(times[i - 1] ?? 0))
    })
    t.assert.ok(isExponential(gaps, 1), `${shape.kind} from ${shape.from}`)
  }
})

test('a shape is told with all its parameters', (t: TestContext) => {
  for (const shape of Object.values(arrivalShapes)) {
    const words = arrivalsInWords(shape)
    const { kind, ...parameters } = shape
    t.assert.ok(words.toLowerCase().includes(kind), words)
    for (const value of Object.values(parameters)) t.assert.ok(words.includes(String(value)), words)
  }
})

test('a shuffle puts each item at each place equally often', (t: TestContext) => {
  const random = randomStream(5, 'order')
  const seen = new Map<string, number>()
  const rounds = 24_000
  for (let i = 0; i < rounds; i += 1) {
    const order = shuffled(['a', 'b', 'c', 'd'], random).join('')
    seen.set(order, (seen.get(order) ?? 0) + 1)
  }
  t.assert.equal(seen.size, 24)
  for (const count of seen.values()) t.assert.ok(Math.abs(count - 1000) < 5 * Math.sqrt(1000))
})

/** By Kolmogorov and Smirnov at 0.1 %. */
function isExponential(gaps: readonly number[], mean: number): boolean {
  const sorted = gaps.toSorted((a, b) => a - b)
  let distance = 0
  sorted.forEach((gap, i) => {
    const expected = 1 - Math.exp(-gap / mean)
    distance = Math.max(
      distance,
      Math.abs((i + 1) / sorted.length - expected),
      Math.abs(i / sorted.length - expected),
    )
  })
  return distance < 1.949 / Math.sqrt(sorted.length)
}

/** The share of arrivals expected in the first part `x` of the time. */
function cumulative({ kind, from }: ArrivalShape & { kind: 'ramp' | 'step' }, x: number): number {
  if (kind === 'ramp') return from * x + (1 - from) * x ** 2
  return x < 0.5 ? from * x : from / 2 + (2 - from) * (x - 0.5)
}

/**
 * Variance of the counts in windows ÷ their mean.
 * @see Fischer, Meier-Hellstern: The Markov-modulated Poisson process (MMPP) cookbook, 1993
 */
function dispersion(
  shape: ArrivalShape & { kind: 'bursty' },
  ratePerSecond: number,
  windowMs: number,
): number {
  const { calm, burst } = burstyRates(shape, ratePerSecond)
  const [leaveCalm, leaveBurst] = [1000 / shape.calmMs, 1000 / shape.burstMs]
  const both = leaveCalm + leaveBurst
  const most =
    (2 * leaveCalm * leaveBurst * (burst - calm) ** 2) /
    (both ** 2 * (calm * leaveBurst + burst * leaveCalm))
  const turns = (both * windowMs) / 1000
  return 1 + most * (turns === Number.POSITIVE_INFINITY ? 1 : 1 - (1 - Math.exp(-turns)) / turns)
}
