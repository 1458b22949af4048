import { type TestContext, test } from 'node:test'
import { asFlags, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('the strategy changes under load, and no call is lost', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b', 'c')
  const proxy = await runningProxy(t, asFlags(nodes))
  const { strategies } = await proxy.fleet()
  let isOver = false
  let failed = 0
  const clients = Array.from({ length: 6 }, async () => {
    while (!isOver) {
      const { result } = await proxy.call('eth_getBalance')
      if (result === undefined) failed += 1
    }
  })
  for (const name of strategies) {
    const changed = await fetch(`${proxy.adminUrl}/api/strategy`, {
      method: 'PUT',
      body: JSON.stringify({ name }),
    })
    t.assert.equal(changed.status, 200)
    const { calls } = await proxy.fleet()
    await proxy.until((fleet) => fleet.strategy === name && fleet.calls > calls + 10)
  }
  isOver = true
  await Promise.all(clients)
  t.assert.equal(failed, 0)
  const { nodes: seen } = await proxy.until((fleet) => fleet.nodes.every((n) => n.inFlight === 0))
  for (const { errors, calls } of seen) t.assert.deepEqual([errors, calls > 0], [0, true])
})

test('a node that is drained is given no more calls, and the last one all of them', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const [a, b] = nodes
  const proxy = await runningProxy(t, [...asFlags(nodes), '--strategy', 'round-robin'])
  const order = async (id: string, what: string): Promise<void> => {
    const { status } = await fetch(`${proxy.adminUrl}/api/nodes/${id}/${what}`, { method: 'POST' })
    t.assert.equal(status, 200)
  }
  await order('a', 'drain')
  for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
  t.assert.deepEqual([a.calls.length, b.calls.length], [0, 6])
  await order('b', 'drain')
  for (let i = 0; i < 6; i += 1) t.assert.ok((await proxy.call('eth_getBalance')).result)
  await order('a', 'resume')
  const before = b.calls.length
  for (let i = 0; i < 6; i += 1) await proxy.call('eth_getBalance')
  t.assert.equal(b.calls.length, before)
})
