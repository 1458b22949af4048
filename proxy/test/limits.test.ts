import { type TestContext, test } from 'node:test'
import { asFlags, fileWith, nodeOf, type RpcAnswer, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('above a limit', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const config = await fileWith(t, 'limits: { max-calls: 3, max-answer-bytes: 1024 }')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--config', config])

  await t.test('calls are refused at once, and those under way go on', async (t: TestContext) => {
    const release = Promise.withResolvers<{ result: number }>()
    for (const node of nodes) node.on('eth_call', () => release.promise)
    const held = Array.from({ length: 3 }, () => proxy.call('eth_call'))
    await proxy.until(({ nodes: [a, b] }) => (a?.inFlight ?? 0) + (b?.inFlight ?? 0) === 3)
    const refused = { code: -32005, message: 'limit exceeded' }
    t.assert.deepEqual((await proxy.call('eth_call')).error, refused)
    const four = new Array(4).fill({ jsonrpc: '2.0', id: 1, method: 'eth_getBalance' })
    const batch: RpcAnswer[] = JSON.parse(await proxy.post(JSON.stringify(four)))
    t.assert.deepEqual(
      batch.map(({ error }) => error),
      new Array(4).fill(refused),
    )
    release.resolve({ result: 7 })
    const results = (await Promise.all(held)).map(({ result }) => result)
    t.assert.deepEqual(results, [7, 7, 7])
    t.assert.ok((await proxy.call('eth_getBalance')).result)
    t.assert.equal(nodes.flatMap(({ calls }) => calls).length, 4)
  })

  await t.test(
    'an answer is refused: no other node is asked for it, none is blamed',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      for (const node of nodes) node.on('eth_getLogs', () => ({ result: 'x'.repeat(5_000) }))
      for (let i = 0; i < 12; i += 1) {
        const { error } = await proxy.call('eth_getLogs', {})
        t.assert.deepEqual(error, { code: -32003, message: 'response too large' })
      }
      t.assert.equal(nodes.flatMap(({ calls }) => calls).length, 12)
      for (const { breaker, errors } of (await proxy.fleet()).nodes) {
        t.assert.deepEqual([breaker, errors], ['closed', 0])
      }
    },
  )
})

test('out of time', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const config = await fileWith(t, 'limits: { timeout: 300ms }')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--config', config])

  await t.test(
    'a call is told so in the words of Geth, and ended at the node',
    async (t: TestContext) => {
      node.reset()
      node.on('eth_call', () => 'hold')
      const gone = node.hangUp()
      t.assert.deepEqual((await proxy.call('eth_call')).error, {
        code: -32002,
        message: 'request timed out',
      })
      await gone
      t.assert.equal(node.calls.length, 1)
    },
  )

  await t.test(
    'what is left of a batch is not sent, and no node is blamed for it',
    async (t: TestContext) => {
      node.reset()
      node.on('eth_sendRawTransaction', ({ params }) => {
        return String(params) === '1' ? 'hold' : { result: 'done' }
      })
      const writes = Array.from({ length: 12 }, (_, i) => ({
        jsonrpc: '2.0',
        id: i,
        method: 'eth_sendRawTransaction',
        params: [i],
      }))
      const { errors } = nodeOf(await proxy.fleet(), 'a')
      const answers: RpcAnswer[] = JSON.parse(await proxy.post(JSON.stringify(writes)))
      const outcomes = answers.map(({ result, error }) => result ?? error?.code)
      t.assert.deepEqual(outcomes, ['done', ...new Array(11).fill(-32002)])
      t.assert.equal(node.calls.length, 2)
      t.assert.equal(nodeOf(await proxy.fleet(), 'a').errors, errors + 1)
    },
  )
})
