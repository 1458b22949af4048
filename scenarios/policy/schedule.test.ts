import { type TestContext, test } from 'node:test'
import { firstRound, schedule } from './schedule.ts'

const options = {
  profiles: ['equal', 'hetero'],
  loads: [0.5, 0.7],
  seeds: [1, 2, 3],
  strategies: ['a', 'b', 'c', 'd', 'e'],
}

test('each slot is measured once, and a seed in one go', (t: TestContext) => {
  const places = schedule(options)
  const keys = places.map((place) => JSON.stringify(place))
  t.assert.equal(new Set(keys).size, 2 * 2 * 3 * 5)
  for (let i = 0; i < places.length; i += 5) {
    const round = firstRound(places.slice(i))
    t.assert.equal(round.length, 5)
    t.assert.deepEqual(round.map(({ strategy }) => strategy).sort(), options.strategies)
  }
})

test("the order within a seed is the seed's own, and the same again", (t: TestContext) => {
  const places = schedule(options)
  t.assert.deepEqual(places, schedule(options))
  const orders = new Set(
    Array.from({ length: places.length / 5 }, (_, i) =>
      places
        .slice(5 * i, 5 * i + 5)
        .map(({ strategy }) => strategy)
        .join(''),
    ),
  )
  t.assert.ok(orders.size > 6, `12 rounds, ${orders.size} orders`)
})

test('what is left of a round is the next round', (t: TestContext) => {
  const places = schedule(options).slice(3)
  t.assert.equal(firstRound(places).length, 2)
  t.assert.deepEqual(firstRound([]), [])
})
