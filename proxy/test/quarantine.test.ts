import { type TestContext, test } from 'node:test'
import { asFlags, fileWith, nodeOf, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('a node on another chain than most is given no call, and says why', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'stranger', 'a', 'b')
  const [stranger] = nodes
  stranger.chainId = '0x1'
  const proxy = await runningProxy(t, [...asFlags(nodes), '--strategy', 'round-robin'])
  const fleet = await proxy.fleet()
  t.assert.equal(fleet.chainId, '0x7a69')
  const { health, reason } = nodeOf(fleet, 'stranger')
  t.assert.equal(health, 'wrong-chain')
  t.assert.match(reason ?? '', /0x1\b.*0x7a69/)
  for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
  await proxy.call('eth_sendRawTransaction', '0x')
  t.assert.deepEqual(stranger.calls, [])
  stranger.chainId = '0x7a69'
  await proxy.untilNode('stranger', (node) => node.health === 'up' && node.reason === null)
})

test('the chain that the operator names counts, whatever most are on', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b', 'c')
  const [, , c] = nodes
  c.chainId = '0x1'
  const config = await fileWith(t, 'chain-id: 1')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--config', config])
  t.assert.equal((await proxy.call('eth_getBalance')).result?.node, 'c')
  t.assert.equal(nodeOf(await proxy.fleet(), 'a').health, 'wrong-chain')
})

test('a node that comes back on another chain is found out before it is given a call', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b', 'c')
  const [a] = nodes
  const proxy = await runningProxy(t, [...asFlags(nodes), '--strategy', 'round-robin'])
  await a.stop()
  await proxy.untilNode('a', ({ health }) => health === 'down')
  a.chainId = '0x1'
  await a.start()
  await proxy.untilNode('a', ({ health }) => health === 'wrong-chain')
  for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
  t.assert.deepEqual(a.calls, [])
})

test('a node that lags is given no read until it has caught up', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'late', 'ahead')
  const [late, ahead] = nodes
  const proxy = await runningProxy(t, [...asFlags(nodes), '--strategy', 'round-robin'])
  ahead.head = 100
  await proxy.untilNode('late', ({ lagBlocks }) => lagBlocks === 84)
  for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
  t.assert.deepEqual(late.calls, [])
  late.head = 98
  await proxy.untilNode('late', ({ lagBlocks }) => lagBlocks === 2)
  for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
  t.assert.equal(late.calls.length, 3)
})
