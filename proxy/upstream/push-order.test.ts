import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type PushMark, PushOrder } from './push-order.ts'

const mark = (seq: number, boot = 1_000, host = 'h'): PushMark => ({ host, boot, seq })

/** Takes it if it is news, and says whether it was. */
function offer(order: PushOrder, one: PushMark, nowMs = 0): boolean {
  const isNews = order.isNews(one, nowMs)
  if (isNews) order.take(one, nowMs)
  return isNews
}

test('within a run of an agent, only what is later is news', (t: TestContext) => {
  const order = new PushOrder()
  t.assert.equal(offer(order, mark(5)), true)
  t.assert.equal(offer(order, mark(5)), false)
  t.assert.equal(offer(order, mark(4)), false)
  t.assert.equal(offer(order, mark(6)), true)
  t.assert.equal(offer(order, mark(90)), true)
})

test('a later run begins anew, and what the earlier one said is no news any more', (t: TestContext) => {
  const order = new PushOrder()
  offer(order, mark(500, 1_000))
  t.assert.equal(offer(order, mark(0, 2_000)), true)
  t.assert.equal(offer(order, mark(501, 1_000)), false)
  t.assert.equal(offer(order, mark(1, 2_000)), true)
})

test('an agent whose clock was set back is heard after a silence, a run that was heard before is not', (t: TestContext) => {
  const order = new PushOrder()
  offer(order, mark(7, 1_000), 0)
  offer(order, mark(3, 2_000), 0)
  t.assert.equal(offer(order, mark(1, 500), 30_000), false)
  t.assert.equal(offer(order, mark(7, 1_000), 30_001), false)
  t.assert.equal(offer(order, mark(1, 500), 30_001), true)
})

test('of two agents for one node the one that began later speaks', (t: TestContext) => {
  const order = new PushOrder()
  offer(order, mark(1, 1_000, 'a'))
  t.assert.equal(offer(order, mark(1, 1_001, 'b')), true)
  t.assert.equal(offer(order, mark(2, 1_000, 'a')), false)
  t.assert.equal(offer(order, mark(2, 1_001, 'b')), true)
})

test('whatever is sent again within half a minute is refused, in whatever order', (t: TestContext) => {
  const any = fc.record({
    host: fc.constantFrom('a', 'b'),
    boot: fc.nat(5),
    seq: fc.nat(20),
  })
  fc.assert(
    fc.property(fc.array(any, { maxLength: 200 }), fc.nat(199), (marks, again) => {
      const order = new PushOrder()
      const taken: PushMark[] = []
      marks.forEach((one, i) => {
        if (offer(order, one, i)) taken.push(one)
      })
      const replayed = taken[again % Math.max(1, taken.length)]
      if (replayed !== undefined) t.assert.equal(order.isNews(replayed, marks.length), false)
    }),
  )
})
