import { type TestContext, test } from 'node:test'
import { methods, unknownMethod } from '../rpc/methods.ts'
import { Costs } from './costs.ts'

test('a call costs what its method’s rule says, and one method makes one work', (t: TestContext) => {
  const costs = new Costs()
  const rule = methods.get('eth_getLogs')
  if (rule === undefined) throw new Error('no eth_getLogs')
  const work = costs.of('eth_getLogs', rule)
  t.assert.deepEqual(work, { key: 'eth_getLogs', kind: 'read', cpuMs: rule.cpuMs, diskMs: 0 })
  t.assert.equal(costs.of('eth_getLogs', rule), work)
})

test('methods that no table knows share one work, however many there are', (t: TestContext) => {
  const costs = new Costs()
  t.assert.equal(costs.of('foo_a', unknownMethod), costs.of('foo_b', unknownMethod))
})

test('a batch costs what its calls cost one after another', (t: TestContext) => {
  const costs = new Costs()
  const works = ['eth_call', 'eth_getLogs', 'eth_call'].flatMap((name) => {
    const rule = methods.get(name)
    return rule === undefined ? [] : [costs.of(name, rule)]
  })
  const sum = works.reduce((ms, { cpuMs }) => ms + cpuMs, 0)
  t.assert.equal(costs.ofBatch(works).cpuMs, sum)
})
