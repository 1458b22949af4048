import { type TestContext, test } from 'node:test'
import { asFlags, fileWith, nodeOf, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('a node that strays', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'stray', 'a', 'b')
  const [stray, a] = nodes
  stray.chainId = '0x1'
  const proxy = await runningProxy(t, [...asFlags(nodes), '--strategy', 'round-robin'])

  await t.test(
    'on another chain than most is given no call, and says why',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      const fleet = await proxy.fleet()
      t.assert.equal(fleet.chainId, '0x7a69')
      const { health, reason } = nodeOf(fleet, 'stray')
      t.assert.equal(health, 'wrong-chain')
      t.assert.match(reason ?? '', /0x1\b.*0x7a69/)
      for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
      await proxy.call('eth_sendRawTransaction', '0x')
      t.assert.deepEqual(stray.calls, [])
      stray.chainId = '0x7a69'
      await proxy.untilNode('stray', (node) => node.health === 'up' && node.reason === null)
    },
  )

  await t.test(
    'and comes back on another chain is found out before it is given a call',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      await stray.stop()
      await proxy.untilNode('stray', ({ health }) => health === 'down')
      stray.chainId = '0x1'
      await stray.start()
      await proxy.untilNode('stray', ({ health }) => health === 'wrong-chain')
      for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
      t.assert.deepEqual(stray.calls, [])
      stray.chainId = '0x7a69'
      await proxy.untilNode('stray', ({ health }) => health === 'up')
    },
  )

  await t.test(
    'behind the others is given reads of blocks that it has, and others when it has caught up',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      a.head = 100
      nodes[2].head = 100
      await proxy.untilNode('stray', ({ lagBlocks }) => lagBlocks === 84)
      for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
      t.assert.deepEqual(stray.calls, [])
      stray.head = 98
      await proxy.untilNode('stray', ({ lagBlocks }) => lagBlocks === 2)
      for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
      t.assert.deepEqual(stray.calls, [])
      for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance', '0x0', '0x62')
      t.assert.equal(stray.calls.length, 2)
      stray.head = 100
      await proxy.untilNode('stray', ({ lagBlocks }) => lagBlocks === 0)
      for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
      t.assert.equal(stray.calls.length, 4)
    },
  )
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
