import { type TestContext, test } from 'node:test'
import { normal, randomStream } from '../load/random.ts'
import { unpairedRatio } from './unpaired.ts'

test('the interval holds the truth in 93 to 97 of 100 experiments, also of unequal samples', (t: TestContext) => {
  const random = randomStream(1, 'unpaired')
  const draw = (n: number, centre: number, spread: number) =>
    Array.from({ length: n }, () => Math.exp(centre + spread * normal(random)))
  for (const [n, m] of [
    [5, 5],
    [4, 12],
  ] as const) {
    let held = 0
    for (let i = 0; i < 2000; i += 1) {
      const { low, high } = unpairedRatio(draw(n, 1, 0.3), draw(m, 0.5, 0.1))
      if (low !== null && high !== null && low <= Math.exp(0.5) && Math.exp(0.5) <= high) held += 1
    }
    t.assert.ok(held >= 1860 && held <= 1950, `${held} of 2000 with ${n} and ${m}`)
  }
})

test('two values say nothing of their spread', (t: TestContext) => {
  t.assert.deepEqual(unpairedRatio([4, 4], [2, 2, 2]), { value: 2, low: null, high: null })
  const { low, high } = unpairedRatio([4, 4, 4], [2, 2, 2])
  t.assert.ok(Math.abs((low ?? 0) - 2) < 1e-9 && Math.abs((high ?? 0) - 2) < 1e-9)
})
