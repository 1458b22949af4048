import { type TestContext, test } from 'node:test'
import { splitCores } from './cores.ts'

test('from four cores on the generator has one that no proxy uses', (t: TestContext) => {
  t.assert.deepEqual(splitCores('0-3'), { generator: 3, proxies: '0,1,2' })
  t.assert.deepEqual(splitCores('4-5,8,10-11'), { generator: 11, proxies: '4,5,8,10' })
})

test('of fewer cores, or of none that is told, nothing is set aside', (t: TestContext) => {
  for (const allowed of ['0', '0-1', '1,3,5', '']) t.assert.equal(splitCores(allowed), null)
})
