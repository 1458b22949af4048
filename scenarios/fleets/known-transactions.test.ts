import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { KnownTransactions } from './known-transactions.ts'

test('a transaction waits until a block holds it, and is not taken in again then', (t: TestContext) => {
  const known = new KnownTransactions()
  t.assert.equal(known.add('0xa', '0x01', 3), true)
  t.assert.equal(known.add('0xa', '0x01', 3), false)
  t.assert.equal(known.raw('0xa'), '0x01')
  known.settle(4, ['0xa'])
  t.assert.equal(known.raw('0xa'), undefined)
  t.assert.equal(known.add('0xa', '0x01', 5), false)
})

test('it is of the past two blocks later', (t: TestContext) => {
  const known = new KnownTransactions()
  known.settle(4, ['0xa'])
  t.assert.equal(known.isPast('0xa'), false)
  known.settle(6, [])
  t.assert.equal(known.isPast('0xa'), true)
  t.assert.equal(known.isPast('0xb'), false)
})

test('one that is refused over and over is let go, and one that no block takes', (t: TestContext) => {
  const known = new KnownTransactions()
  known.add('0xa', '0x01', 1)
  known.add('0xb', '0x02', 1)
  for (let times = 0; times < 30; times += 1) known.refused('0xa')
  t.assert.deepEqual([...known.waiting()], ['0xb'])
  known.settle(258, [])
  t.assert.deepEqual([...known.waiting()], [])
})

test('what waits is in order of arrival, whatever is mined in between', (t: TestContext) => {
  const arrivals = fc.uniqueArray(fc.tuple(fc.nat(), fc.boolean()), {
    selector: ([number]) => number,
    maxLength: 200,
  })
  fc.assert(
    fc.property(arrivals, (arrived) => {
      const known = new KnownTransactions()
      for (const [number] of arrived) known.add(`0x${number}`, '0x', 0)
      const hashes = (isMined: boolean) =>
        arrived.flatMap(([number, mined]) => (mined === isMined ? [`0x${number}`] : []))
      known.settle(1, hashes(true))
      t.assert.deepEqual([...known.waiting()], hashes(false))
    }),
  )
})

test('there is room for 50000 and no more, until some are mined', (t: TestContext) => {
  const known = new KnownTransactions()
  for (let i = 0; i < 50_000; i += 1) known.add(`${i}`, '0x', 0)
  t.assert.equal(known.add('one more', '0x', 0), false)
  known.settle(1, ['7'])
  t.assert.equal(known.add('one more', '0x', 0), true)
})
