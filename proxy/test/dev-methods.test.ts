import { type TestContext, test } from 'node:test'
import { stubNodes } from './stub-node.ts'
import { wiredProxy } from './wired-proxy.ts'

const body = '{"jsonrpc":"2.0","id":1,"method":"evm_snapshot","params":[]}'
const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }

test('what changes one development node is refused where there are more', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const { url } = await wiredProxy(t, nodes, { http: { api: ['eth', 'evm'] } })
  const said: unknown = await (await fetch(url, init)).json()
  t.assert.deepEqual(said, {
    jsonrpc: '2.0',
    id: 1,
    error: {
      code: -32000,
      message: 'development methods change one node alone and need a proxy with one',
    },
  })
  for (const { methods } of nodes) t.assert.deepEqual(methods, [])
})

test('a development node that is alone is changed, and its head may go back', async (t: TestContext) => {
  const [node] = await stubNodes(t, 'a')
  const { url } = await wiredProxy(t, [node], { http: { api: ['eth', 'evm'] } })
  await (await fetch(url, init)).json()
  t.assert.deepEqual(node.methods, ['evm_snapshot'])
  for (const head of [20, 10]) {
    node.head = head
    const asked = { ...init, body: '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}' }
    const { result } = (await (await fetch(url, asked)).json()) as { readonly result: string }
    t.assert.equal(Number(result), head)
  }
})
