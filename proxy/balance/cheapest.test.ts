import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { seededRng } from '../rng.ts'
import { cpuWork } from '../state/work.ts'
import { Cheapest } from './cheapest.ts'
import { InFlight } from './in-flight.ts'
import type { Metered } from './meter.ts'

const work = cpuWork(1)

test('the cheapest is taken, wherever it stands', (t: TestContext) => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 40 }),
      fc.nat(),
      (costs, seed) => {
        const among = costs.map(costing)
        const chosen = new Cheapest(seededRng(seed)).pick(among, work)
        t.assert.equal(chosen.meter.cost(work), Math.min(...costs))
      },
    ),
  )
})

test('among equals each has the same chance', (t: TestContext) => {
  const among = [5, 2, 2, 9, 2, 2, 2].map(costing)
  const picker = new Cheapest(seededRng(7))
  const counts = new Map(among.map((candidate) => [candidate, 0]))
  for (let i = 0; i < 10_000; i += 1) {
    const chosen = picker.pick(among, work)
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1)
  }
  for (const [candidate, count] of counts) {
    if (candidate.meter.cost(work) > 2) t.assert.equal(count, 0)
    else t.assert.ok(Math.abs(count - 2_000) < 200, String(count))
  }
})

test('from nothing nothing can be picked', (t: TestContext) => {
  t.assert.throws(() => new Cheapest(seededRng(1)).pick([], work), RangeError)
})

function costing(cost: number): Metered {
  const meter = new InFlight()
  for (let i = 0; i < cost; i += 1) meter.start()
  return { meter }
}
