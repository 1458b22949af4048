import { test } from 'node:test'
import { Durations } from './durations.ts'

test('before the first there is no quantile', (t) => {
  const durations = new Durations()
  t.assert.deepEqual(
    [durations.count, durations.sumMs, durations.quantileMs(0.5)],
    [0, 0, undefined],
  )
})

test('quantiles are those of the last 1024, the sum is that of all', (t) => {
  const durations = new Durations()
  for (let ms = 1; ms <= 2024; ms += 1) durations.add(ms)
  t.assert.equal(durations.count, 2024)
  t.assert.equal(durations.sumMs, (2024 * 2025) / 2)
  t.assert.equal(durations.quantileMs(0), 1001)
  t.assert.equal(durations.quantileMs(0.5), 1512)
  t.assert.equal(durations.quantileMs(1), 2024)
})
