import { type TestContext, test } from 'node:test'
import { asFlags, nodeOf, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

const unavailable = '"error":{"code":-32000,"message":"service unavailable"}}'

test('with no node left a call gets a JSON-RPC error at once, with HTTP 200 and its own id', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const proxy = await runningProxy(t, asFlags(nodes))
  // Before anybody has found out: each node was asked, and nothing is told of any.
  for (const node of nodes) node.on('eth_getBalance', () => 'drop')
  t.assert.equal(
    await proxy.post('{"jsonrpc":"2.0","id":1,"method":"eth_getBalance"}'),
    '{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"service unavailable"}}',
  )
  await Promise.all(nodes.map((node) => node.stop()))
  await proxy.until((fleet) => !fleet.ready)
  t.assert.equal((await fetch(`${proxy.adminUrl}/readyz`)).status, 503)
  t.assert.equal((await fetch(`${proxy.adminUrl}/healthz`)).status, 200)
  for (const method of ['eth_getBalance', 'eth_sendRawTransaction', 'eth_newFilter']) {
    const body = `{"jsonrpc":"2.0","id": "\\u0061","method":"${method}","params":[]}`
    const answer = `{"jsonrpc":"2.0","id":"\\u0061",${unavailable}`
    t.assert.equal(await proxy.post(body), answer, method)
  }
  const batch =
    '[{"jsonrpc":"2.0","id":1,"method":"eth_call"},{"jsonrpc":"2.0","id":2,"method":"eth_call"}]'
  t.assert.equal(
    await proxy.post(batch),
    `[{"jsonrpc":"2.0","id":1,${unavailable},{"jsonrpc":"2.0","id":2,${unavailable}]`,
  )
})

test('a proxy whose nodes are not there yet starts, and serves them when they come', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'late')
  const [late] = nodes
  await late.stop()
  const proxy = await runningProxy(t, asFlags(nodes))
  t.assert.equal((await proxy.fleet()).ready, false)
  t.assert.match(nodeOf(await proxy.fleet(), 'late').reason ?? '', /ECONNREFUSED/)
  t.assert.equal((await proxy.call('eth_getBalance')).error?.code, -32000)
  await late.start()
  await proxy.until((fleet) => fleet.ready)
  t.assert.equal((await proxy.call('eth_getBalance')).result?.node, 'late')
})
