import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { Counts, otherName } from './counts.ts'

test('many at once are as many one after another', (t: TestContext) => {
  const added = fc.array(fc.tuple(fc.constantFrom(...'abcd', otherName), fc.nat(9)))
  fc.assert(
    fc.property(added, fc.integer({ min: 1, max: 4 }), (all, maxNames) => {
      const [together, single] = [new Counts(maxNames), new Counts(maxNames)]
      for (const [name, times] of all) {
        together.add(name, times + 1)
        for (let i = 0; i <= times; i++) single.add(name)
      }
      t.assert.deepEqual(Array.from(together), Array.from(single))
    }),
  )
})

test('nothing is lost and no more names are kept than were allowed, with one for the rest', (t: TestContext) => {
  const names = fc.array(fc.constantFrom(...'abcdefghij', otherName), { maxLength: 300 })
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 8 }), (added, maxNames) => {
      const counts = new Counts(maxNames)
      for (const name of added) counts.add(name)
      const kept = Array.from(counts)
      t.assert.ok(kept.length <= maxNames + 1)
      t.assert.equal(
        kept.reduce((sum, [, count]) => sum + count, 0),
        added.length,
      )
    }),
  )
})
