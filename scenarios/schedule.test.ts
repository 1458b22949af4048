import { type TestContext, test } from 'node:test'
import { parseCompare } from './config.ts'
import { cellsOf, type Slot, schedule } from './schedule.ts'

const flags = {
  ...{ fleet: 'anvil', profile: 'equal,hetero', load: '0.5,0.7' },
  strategies: 'round-robin,least-connection,power-of-two,peak-ewma,state-space',
}
const config = parseCompare(flags)
const names = config.contenders.map(({ name }) => name).toSorted()

test('each trial is made once, and a repeat of a cell in one go', (t: TestContext) => {
  const slots = schedule(config, 3)
  t.assert.equal(new Set(slots.map(keyOf)).size, 2 * 2 * 3 * 5)
  for (let i = 0; i < slots.length; i += 5) {
    const round = slots.slice(i, i + 5)
    t.assert.equal(new Set(round.map(({ cell, repeat }) => `${cell.id} ${repeat}`)).size, 1)
    t.assert.deepEqual(round.map(({ contender }) => contender.name).toSorted(), names)
  }
})

test('a profile is left only when all of it was measured', (t: TestContext) => {
  const profiles = schedule(config, 3).map(({ cell }) => cell.profile?.name)
  t.assert.deepEqual(new Set(profiles.slice(0, 30)), new Set(['equal']))
  t.assert.deepEqual(new Set(profiles.slice(30)), new Set(['hetero']))
})

test('the order is drawn from the seed, and the same again', (t: TestContext) => {
  const order = (slots: readonly Slot[]) => slots.map(keyOf)
  t.assert.deepEqual(order(schedule(config, 3)), order(schedule(config, 3)))
  const other = parseCompare({ ...flags, seed: '2' })
  t.assert.notDeepEqual(order(schedule(config, 3)), order(schedule(other, 3)))
  const orders = new Set(
    Array.from({ length: 12 }, (_, i) =>
      schedule(config, 3)
        .slice(5 * i, 5 * i + 5)
        .map(({ contender }) => contender.name)
        .join(),
    ),
  )
  t.assert.ok(orders.size > 6, `12 rounds, ${orders.size} orders`)
})

test('of each two repeats the second goes the other way round', (t: TestContext) => {
  const slots = schedule(parseCompare({ ...flags, profile: 'equal' }), 4)
  const [cell] = new Set(slots.map((slot) => slot.cell.id))
  const orderOf = (repeat: number) =>
    slots
      .filter((slot) => slot.repeat === repeat && slot.cell.id === cell)
      .map(({ contender }) => contender.name)
  t.assert.deepEqual(orderOf(1), orderOf(0).toReversed())
  t.assert.deepEqual(orderOf(3), orderOf(2).toReversed())
  t.assert.ok(orderOf(0).length > 2)
})

test('more repeats add trials and move none of those before', (t: TestContext) => {
  const one = parseCompare({ ...flags, profile: 'equal' })
  const few = schedule(one, 2).map(keyOf)
  t.assert.deepEqual(schedule(one, 4).map(keyOf).slice(0, few.length), few)
})

test('targets are one cell for each workload, at the rate given', (t: TestContext) => {
  const targets = parseCompare({ target: ['http://127.0.0.1:1'], rate: '50' })
  t.assert.deepEqual(
    cellsOf(targets).map(({ id, load }) => [id, load]),
    [['targets/mixed-reads/50 a second', null]],
  )
})

function keyOf({ cell, contender, repeat }: Slot): string {
  return `${cell.id} ${contender.name} ${repeat}`
}
