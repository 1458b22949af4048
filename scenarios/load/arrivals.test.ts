import { type TestContext, test } from 'node:test'
import { poissonArrivals } from './arrivals.ts'
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

test('gaps are exponential by Kolmogorov and Smirnov at 0.1 %', (t: TestContext) => {
  const sorted = gapsMs.toSorted((a, b) => a - b)
  let distance = 0
  sorted.forEach((gapMs, i) => {
    const expected = 1 - Math.exp((-gapMs * ratePerSecond) / 1000)
    distance = Math.max(
      distance,
      Math.abs((i + 1) / sorted.length - expected),
      Math.abs(i / sorted.length - expected),
    )
  })
  t.assert.ok(distance < 1.949 / Math.sqrt(sorted.length), `distance ${distance}`)
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
