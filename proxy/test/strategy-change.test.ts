import { type TestContext, test } from 'node:test'
import { asFlags, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('an order to the admin port', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b', 'c')
  const proxy = await runningProxy(t, asFlags(nodes))

  await t.test('changes the strategy under load, and no call is lost', async (t: TestContext) => {
    const { strategies } = await proxy.fleet()
    let isOver = false
    let failed = 0
    const clients = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const { result } = await proxy.call('eth_getBalance')
        if (result === undefined) failed += 1
      }
    })
    for (const name of strategies) {
      await proxy.order('PUT', 'strategy', { name })
      const { calls } = await proxy.fleet()
      await proxy.until((fleet) => fleet.strategy === name && fleet.calls > calls + 10)
    }
    isOver = true
    await Promise.all(clients)
    t.assert.equal(failed, 0)
    const fleet = await proxy.until(({ nodes }) => nodes.every(({ inFlight }) => inFlight === 0))
    for (const { errors, calls } of fleet.nodes) t.assert.deepEqual([errors, calls > 0], [0, true])
  })

  await t.test(
    'drains a node, which is given no more calls, but the last one all of them',
    async (t: TestContext) => {
      const [a, b, c] = nodes
      const callsIn = async (calls: number): Promise<readonly number[]> => {
        for (const node of nodes) node.reset()
        for (let i = 0; i < calls; i += 1) await proxy.call('eth_getBalance')
        return [a, b, c].map((node) => node.calls.length)
      }
      await proxy.order('PUT', 'strategy', { name: 'round-robin' })
      await proxy.order('POST', 'nodes/a/drain')
      t.assert.deepEqual(await callsIn(6), [0, 3, 3])
      await proxy.order('POST', 'nodes/b/drain')
      await proxy.order('POST', 'nodes/c/drain')
      t.assert.deepEqual(await callsIn(6), [2, 2, 2])
      await proxy.order('POST', 'nodes/a/resume')
      t.assert.deepEqual(await callsIn(6), [6, 0, 0])
    },
  )
})
