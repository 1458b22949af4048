import { type TestContext, test } from 'node:test'
import { asFlags, fileWith, nodeOf, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('calls above the limit are refused at once, and the others go on', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const release = Promise.withResolvers<{ result: number }>()
  node.on('eth_call', () => release.promise)
  const config = await fileWith(t, 'limits: { max-calls: 3 }')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--config', config])
  const held = Array.from({ length: 3 }, () => proxy.call('eth_call'))
  await proxy.untilNode('a', ({ inFlight }) => inFlight === 3)
  const refused = { code: -32005, message: 'limit exceeded' }
  t.assert.deepEqual((await proxy.call('eth_call')).error, refused)
  const four = new Array(4).fill({ jsonrpc: '2.0', id: 1, method: 'eth_getBalance' })
  const batch: { error: unknown }[] = JSON.parse(await proxy.post(JSON.stringify(four)))
  t.assert.deepEqual(
    batch.map(({ error }) => error),
    new Array(4).fill(refused),
  )
  release.resolve({ result: 7 })
  t.assert.deepEqual(
    (await Promise.all(held)).map(({ result }) => result),
    [7, 7, 7],
  )
  t.assert.equal((await proxy.call('eth_getBalance')).result?.node, 'a')
  t.assert.equal(node.calls.length, 4)
})

test('an answer above the limit is refused: no other node is asked for it, none is blamed', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  for (const node of nodes) node.on('eth_getLogs', () => ({ result: 'x'.repeat(5_000) }))
  const config = await fileWith(t, 'limits: { max-answer-bytes: 1024 }')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--config', config])
  for (let i = 0; i < 12; i += 1) {
    const { error } = await proxy.call('eth_getLogs', {})
    t.assert.deepEqual(error, { code: -32003, message: 'response too large' })
  }
  t.assert.equal(nodes[0].calls.length + nodes[1].calls.length, 12)
  for (const { breaker, errors } of (await proxy.fleet()).nodes) {
    t.assert.deepEqual([breaker, errors], ['closed', 0])
  }
})

test('a call that takes too long is told so in the words of Geth, and ended at the node', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  for (const node of nodes) node.on('eth_call', () => 'hold')
  const config = await fileWith(t, 'limits: { timeout: 100ms }')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--config', config])
  const gone = Promise.race(nodes.map((node) => node.hangUp()))
  t.assert.deepEqual((await proxy.call('eth_call')).error, {
    code: -32002,
    message: 'request timed out',
  })
  await gone
  t.assert.equal(nodes[0].calls.length + nodes[1].calls.length, 1)
})

test('when the time of a batch is over what is left is not sent, and no node is blamed for it', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  node.on('eth_sendRawTransaction', ({ params }) => {
    return String(params) === '1' ? 'hold' : { result: 'done' }
  })
  const config = await fileWith(t, 'limits: { timeout: 300ms }')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--config', config])
  const writes = Array.from({ length: 12 }, (_, i) => ({
    jsonrpc: '2.0',
    id: i,
    method: 'eth_sendRawTransaction',
    params: [i],
  }))
  const answers: { result?: string; error?: { code: number } }[] = JSON.parse(
    await proxy.post(JSON.stringify(writes)),
  )
  const outcomes = answers.map(({ result, error }) => result ?? error?.code)
  t.assert.deepEqual(outcomes, ['done', ...new Array(11).fill(-32002)])
  t.assert.equal(node.calls.length, 2)
  t.assert.equal(nodeOf(await proxy.fleet(), 'a').errors, 1)
})
