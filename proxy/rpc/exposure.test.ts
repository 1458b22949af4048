import { type TestContext, test } from 'node:test'
import { Exposure } from './exposure.ts'
import { unknownMethod } from './methods.ts'

const byDefault = ['eth', 'net', 'web3']

test('what Geth serves by default is open, and nothing else', (t: TestContext) => {
  const exposure = new Exposure({ api: byDefault, allow: [], deny: [] })
  for (const method of ['eth_call', 'net_version', 'web3_sha3', 'rpc_modules']) {
    t.assert.ok(exposure.ruleOf(method) !== null, method)
  }
  for (const method of ['debug_traceTransaction', 'txpool_content', 'evm_mine', 'admin_peers']) {
    t.assert.equal(exposure.ruleOf(method), null, method)
  }
})

test('a namespace opens what is safe in it and keeps the rest shut', (t: TestContext) => {
  const api = [...byDefault, 'debug', 'admin', 'engine', 'personal', 'miner']
  const exposure = new Exposure({ api, allow: [], deny: [] })
  t.assert.equal(exposure.ruleOf('debug_traceTransaction')?.access, 'read')
  t.assert.equal(exposure.ruleOf('admin_peers')?.access, 'pinned')
  for (const method of [
    'debug_setHead',
    'admin_addPeer',
    'engine_newPayloadV4',
    'personal_sign',
    'miner_start',
    'eth_signTypedData_v4',
  ]) {
    t.assert.equal(exposure.ruleOf(method), null, method)
  }
})

test('one method opens without its namespace, even a refused one', (t: TestContext) => {
  const allow = ['debug_traceCall', 'miner_start', 'mychain_ping']
  const exposure = new Exposure({ api: byDefault, allow, deny: [] })
  t.assert.equal(exposure.ruleOf('debug_traceCall')?.access, 'read')
  t.assert.equal(exposure.ruleOf('miner_start'), unknownMethod)
  t.assert.equal(exposure.ruleOf('mychain_ping'), unknownMethod)
  t.assert.equal(exposure.ruleOf('debug_traceTransaction'), null)
  t.assert.equal(exposure.ruleOf('mychain_pong'), null)
})

test('what is denied stays shut, known or not, allowed or not', (t: TestContext) => {
  const exposure = new Exposure({
    api: byDefault,
    allow: ['eth_call'],
    deny: ['eth_call', 'eth_future', 'eth_getLogs'],
  })
  for (const method of ['eth_call', 'eth_future', 'eth_getLogs']) {
    t.assert.equal(exposure.ruleOf(method), null, method)
    t.assert.equal(exposure.knownMethods().includes(method), false, method)
  }
})

test('an unknown method of an open namespace goes to one node, once', (t: TestContext) => {
  const rule = new Exposure({ api: byDefault, allow: [], deny: [] }).ruleOf('eth_future')
  t.assert.equal(rule, unknownMethod)
  t.assert.notEqual(rule?.access, 'read')
  t.assert.equal(rule?.repeatable, false)
})

test('a method without a namespace, or with a stranger’s, does not exist', (t: TestContext) => {
  const exposure = new Exposure({ api: byDefault, allow: [], deny: [] })
  for (const method of ['eth', '', '_', '_eth', 'Eth_call', 'ethx_call', '__proto___x']) {
    t.assert.equal(exposure.ruleOf(method), null, method)
  }
})

test('the namespaces told are those opened and rpc, in order', (t: TestContext) => {
  const exposure = new Exposure({ api: ['web3', 'eth', 'eth'], allow: [], deny: [] })
  t.assert.deepEqual(exposure.namespaces, ['eth', 'rpc', 'web3'])
})

test('labels are made of known open methods alone', (t: TestContext) => {
  const known = new Exposure({ api: ['eth'], allow: [], deny: [] }).knownMethods()
  t.assert.ok(known.includes('eth_call'))
  t.assert.ok(known.every((name) => name.startsWith('eth_') || name.startsWith('rpc_')))
  t.assert.equal(known.includes('eth_signTypedData'), false)
})
