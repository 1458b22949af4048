import { type TestContext, test } from 'node:test'
import { asFlags, runningProxy } from './running-proxy.ts'
import { type StubNode, stubNodes } from './stub-node.ts'

const account = '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266'
const noMethod = { code: -32601, message: 'Method not found' }
const outOfRange = {
  code: -32602,
  message: 'BlockOutOfRangeError: block height is 16 but requested was 65535',
}

test('a node that is not Geth is heard in the words of Geth, alone and in a batch', async (t: TestContext) => {
  const [node] = await stubNodes(t, 'a')
  lacking(node, 'anvil/v1.7.1')
  const proxy = await runningProxy(t, asFlags([node]))
  t.assert.equal(
    await proxy.post('{"jsonrpc":"2.0","id":"x","method":"eth_baseFee"}'),
    '{"jsonrpc":"2.0","id":"x","error":{"code":-32601,"message":"the method eth_baseFee does not exist/is not available"}}',
  )
  const balance = `{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["${account}","0xffff"]}`
  const header = '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"header not found"}}'
  t.assert.equal(await proxy.post(balance), header)
  t.assert.equal(await proxy.post(`[${balance},${balance}]`), `[${header},${header}]`)
})

test('the words of Geth itself, and of a client that is not known, are passed on', async (t: TestContext) => {
  for (const version of ['Geth/v1.17.5-stable/linux-amd64/go1.26.8', 'someone/v1']) {
    const [node] = await stubNodes(t, 'a')
    lacking(node, version)
    const proxy = await runningProxy(t, asFlags([node]))
    t.assert.deepEqual((await proxy.call('eth_baseFee')).error, noMethod)
    t.assert.deepEqual((await proxy.call('eth_getBalance', account, '0xffff')).error, outOfRange)
  }
})

test('in a fleet of several clients each is heard by its own', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  lacking(nodes[0], 'anvil/v1.7.1')
  nodes[1].clientVersion = 'besu/v25.9.0/linux-x86_64/openjdk-java-21'
  nodes[1].on('eth_getBalance', () => ({ error: { code: -32000, message: 'Block not found' } }))
  const proxy = await runningProxy(t, [...asFlags(nodes), '--strategy', 'round-robin'])
  for (let i = 0; i < 8; i += 1) {
    const { error } = await proxy.call('eth_getBalance', account, '0xffff')
    t.assert.deepEqual(error, { code: -32000, message: 'header not found' })
  }
  for (const { calls } of nodes) t.assert.ok(calls.length > 0)
})

test('a node that does not tell its client serves all the same', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b', 'c')
  nodes[0].on('web3_clientVersion', () => ({ error: noMethod }))
  nodes[1].on('web3_clientVersion', () => ({ whole: 'forbidden', status: 403 }))
  nodes[2].on('web3_clientVersion', () => 'drop')
  const proxy = await runningProxy(t, asFlags(nodes))
  const fleet = await proxy.fleet()
  t.assert.deepEqual(
    fleet.nodes.map(({ health }) => health),
    ['up', 'up', 'up'],
  )
  for (const node of nodes) node.on('eth_baseFee', () => ({ error: noMethod }))
  t.assert.deepEqual((await proxy.call('eth_baseFee')).error, noMethod)
})

function lacking(node: StubNode, clientVersion: string): void {
  node.clientVersion = clientVersion
  node.on('eth_baseFee', () => ({ error: noMethod }))
  node.on('eth_getBalance', () => ({ error: outOfRange }))
}
