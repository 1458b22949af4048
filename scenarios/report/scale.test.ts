import { type TestContext, test } from 'node:test'
import { linearScale, logScale, oddsScale } from './scale.ts'

test('equal ratios are equally far apart on a logarithmic scale', (t: TestContext) => {
  const { at } = logScale(1, 1000, 0, 300)
  t.assert.deepEqual(
    [1, 10, 100, 1000].map((value) => Math.round(at(value))),
    [0, 100, 200, 300],
  )
})

test('ticks lie inside their scale, grow, and are two to a dozen', (t: TestContext) => {
  const ranges = [
    [0.003, 0.9],
    [0.8, 1.3],
    [1, 2],
    [0.5, 20_000],
    [7, 9],
  ] as const
  for (const [min, max] of ranges) {
    for (const { ticks } of [logScale(min, max, 0, 400), linearScale(max, 0, 400)]) {
      t.assert.ok(ticks.length >= 2 && ticks.length <= 12, `${ticks}`)
      t.assert.ok(ticks.every((tick) => tick >= 0 && tick <= max * 1.001))
      t.assert.deepEqual(
        ticks.toSorted((a, b) => a - b),
        ticks,
      )
    }
  }
})

test('a linear scale begins at 0 in steps of 1, 2 or 5', (t: TestContext) => {
  t.assert.deepEqual(
    linearScale(0.62, 0, 100).ticks.map((tick) => Number(tick.toFixed(3))),
    [0, 0.2, 0.4, 0.6],
  )
  t.assert.equal(linearScale(2, 10, 30).at(1), 20)
})

test('by their odds 99.9 % is as far from 99 % as that is from 90 %', (t: TestContext) => {
  const { at, curve } = oddsScale(0, 100)
  const decade = at(0.999) - at(0.99)
  t.assert.ok(Math.abs(decade / (at(0.99) - at(0.9)) - 1) < 0.05)
  t.assert.deepEqual([Math.round(at(0.01)), Math.round(at(0.999))], [0, 100])
  t.assert.ok(curve.every((share, i) => i === 0 || share > (curve[i - 1] ?? 1)))
})
