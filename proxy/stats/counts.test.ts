import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { Counts, otherName } from './counts.ts'

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
