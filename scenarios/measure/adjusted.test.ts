import { type TestContext, test } from 'node:test'
import { randomStream } from '../load/random.ts'
import { adjustedRatios } from './adjusted.ts'

/** Latencies that follow the model exactly but for `noise`, in a machine of changing speed. */
function slots(factors: Readonly<Record<string, number>>, seeds: number, noise: number) {
  const random = randomStream(1, 'slots')
  return Array.from({ length: seeds }, (_, seed) =>
    Object.entries(factors).map(([strategy, factor]) => {
      const cpuCores = 1 + 0.3 * random()
      const disturbed = Math.exp(3 * cpuCores + noise * (random() - 0.5))
      return { strategy, seed, cpuCores, meanMs: factor * (1 + seed) * disturbed }
    }),
  ).flat()
}

test('what the speed of the machine did is taken out', (t: TestContext) => {
  const found = adjustedRatios(slots({ base: 2, better: 1, worse: 3 }, 4, 0), 'base', 'meanMs')
  t.assert.deepEqual([...(found?.keys() ?? [])], ['better', 'worse'])
  for (const [name, ratio] of [
    ['better', 0.5],
    ['worse', 1.5],
  ] as const) {
    const { value = 0, error = 1 } = found?.get(name) ?? {}
    t.assert.ok(Math.abs(value - ratio) < 1e-6, `${name} ${value}`)
    t.assert.ok(error < 1e-6)
  }
})

test('the standard error covers the truth', (t: TestContext) => {
  const found = adjustedRatios(slots({ base: 1, other: 1.2 }, 40, 0.3), 'base', 'meanMs')
  const { value = 0, error = 0 } = found?.get('other') ?? {}
  t.assert.ok(error > 0.005 && error < 0.05, `${error}`)
  t.assert.ok(Math.abs(Math.log(value / 1.2)) < 4 * error, `${value} ±${error}`)
})

test('nothing is said of slots too few to tell, or that all used the same CPU', (t: TestContext) => {
  t.assert.equal(adjustedRatios(slots({ base: 1, other: 2 }, 2, 0), 'base', 'meanMs'), null)
  const same = slots({ base: 1, other: 2 }, 6, 0).map((slot) => ({ ...slot, cpuCores: 1 }))
  t.assert.equal(adjustedRatios(same, 'base', 'meanMs'), null)
})
