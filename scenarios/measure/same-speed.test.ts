import { type TestContext, test } from 'node:test'
import { type Random, randomStream } from '../load/random.ts'
import { leastSpeedPairs, ratioAtSameSpeed, type SpeedPair } from './same-speed.ts'

/** Pairs of one truth on a machine whose speed changes; latency grows with the cube of the CPU. */
function pairs(n: number, truth: number, noise: number, random: Random): readonly SpeedPair[] {
  return Array.from({ length: n }, () => {
    const cpuRatio = Math.exp(0.2 * (random() - 0.5))
    return { cpuRatio, ratio: truth * cpuRatio ** 3 * Math.exp(noise * (random() - 0.5)) }
  })
}

test('what the speed of the machine did to a ratio is taken out', (t: TestContext) => {
  const { value = 0, low, high } = ratioAtSameSpeed(pairs(6, 0.8, 0, randomStream(1, 'a'))) ?? {}
  t.assert.ok(Math.abs(value - 0.8) < 1e-9, `${value}`)
  t.assert.ok(Math.abs((high ?? 0) - (low ?? 1)) < 1e-9)
})

test('start and interval are those of the textbook', (t: TestContext) => {
  // Worked out apart from it: Python's statistics.linear_regression, Student's t of 3 degrees 3.1824.
  const ratios = [0.9, 1.2, 0.8, 1.1, 0.7]
  const cpu = [1, 1.1, 0.9, 1.2, 0.95]
  const found = ratioAtSameSpeed(ratios.map((ratio, i) => ({ ratio, cpuRatio: cpu[i] ?? 1 })))
  const { value = 0, low, high } = found ?? {}
  t.assert.ok(Math.abs(value - 0.8862) < 1e-4, `${value}`)
  t.assert.ok(Math.abs((low ?? 0) - 0.7249) < 1e-4, `${low}`)
  t.assert.ok(Math.abs((high ?? 0) - 1.0833) < 1e-4, `${high}`)
})

test('the interval holds the truth in 93 to 97 of 100 experiments', (t: TestContext) => {
  const random = randomStream(2, 'experiments')
  let held = 0
  const experiments = 2000
  for (let i = 0; i < experiments; i += 1) {
    const found = ratioAtSameSpeed(pairs(8, 1.1, 0.3, random))
    const { low = 2, high = 0 } = found ?? {}
    if (low !== null && high !== null && low <= 1.1 && 1.1 <= high) held += 1
  }
  t.assert.ok(held > experiments * 0.93 && held < experiments * 0.97, `${held}`)
})

test('nothing is said of few pairs, or where the machine was as fast for all', (t: TestContext) => {
  const random = randomStream(3, 'few')
  t.assert.equal(ratioAtSameSpeed(pairs(leastSpeedPairs - 1, 0.8, 0.1, random)), null)
  const steady = pairs(8, 0.8, 0.1, random).map((pair) => ({ ...pair, cpuRatio: 1.01 }))
  t.assert.equal(ratioAtSameSpeed(steady), null)
})
