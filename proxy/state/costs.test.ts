import { type TestContext, test } from 'node:test'
import { methods } from '../rpc/methods.ts'
import { Costs } from './costs.ts'

test('a call costs what its method’s rule says, and one rule makes one work', (t: TestContext) => {
  const costs = new Costs()
  const rule = methods.get('eth_getLogs')
  if (rule === undefined) throw new Error('no eth_getLogs')
  t.assert.deepEqual(costs.of(rule), { cpuMs: rule.cpuMs })
  t.assert.equal(costs.of(rule), costs.of(rule))
})

test('a batch costs what its calls cost one after another', (t: TestContext) => {
  const rules = ['eth_call', 'eth_getLogs', 'eth_call'].flatMap((name) => methods.get(name) ?? [])
  const sum = rules.reduce((ms, { cpuMs }) => ms + cpuMs, 0)
  t.assert.equal(new Costs().ofBatch(rules).cpuMs, sum)
})
