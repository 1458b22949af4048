import { type TestContext, test } from 'node:test'
import { asFlags, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

const read = '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[]}'
const asking = { 'x-equipoise-explain': '1' }

test('an explanation', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const [a, b] = nodes
  const proxy = await runningProxy(t, asFlags(nodes))

  await t.test('is given to who asks for it, and to nobody else', async (t: TestContext) => {
    const explained = await proxy.fetch(read, asking)
    const { result } = (await explained.json()) as { result: { node: string } }
    t.assert.equal(explained.headers.get('x-equipoise-node'), result.node)
    const [other] = nodes.filter(({ name }) => name !== result.node)
    const why = explained.headers.get('x-equipoise-why') ?? ''
    const { distance, ...said } = Object.fromEntries(why.split('; ').map((part) => part.split('=')))
    // Both nodes are idle, and no agent says which is the larger.
    t.assert.match(distance ?? '', /^\d+\.\d{3}$/)
    t.assert.deepEqual(
      { ...said, cost: said['cost']?.replace(/[\d.]+/g, '#') },
      {
        strategy: 'state-space',
        'runner-up': `${other?.name}:${distance}`,
        state: 'cpu:0.000',
        age: 'none',
        cost: 'eth_getBalance:#+#ms',
        held: '0.0ms',
        rung: 'unweighted',
        tries: '1',
      },
    )
    for (const headers of [{}, { 'x-equipoise-explain': '0' }, { 'x-equipoise-explain': 'true' }]) {
      const plain = await proxy.fetch(read, headers)
      await plain.body?.cancel()
      const ours = [...plain.headers.keys()].filter((name) => name.includes('equipoise'))
      t.assert.deepEqual(ours, [])
    }
  })

  await t.test('what reached no node cannot be explained', async (t: TestContext) => {
    for (const body of ['{"jsonrpc":"2.0","id":1,"method":"rpc_modules"}', '{', '']) {
      const response = await proxy.fetch(body, asking)
      await response.body?.cancel()
      t.assert.equal(response.headers.get('x-equipoise-node'), null)
      t.assert.equal(response.headers.get('x-equipoise-why'), null)
    }
  })

  await t.test(
    'a call that was tried twice says so, and names the node that answered',
    async (t: TestContext) => {
      a.on('eth_getBalance', () => 'drop')
      await proxy.order('PUT', 'strategy', { name: 'round-robin' })
      const whys: (string | null)[] = []
      for (let i = 0; i < 2; i += 1) {
        const response = await proxy.fetch(read, asking)
        await response.body?.cancel()
        t.assert.equal(response.headers.get('x-equipoise-node'), b.name)
        const why = response.headers.get('x-equipoise-why')
        whys.push(why?.replace(/cost=.*; held/, 'cost=…; held') ?? null)
      }
      const common = 'strategy=round-robin; distance=0.000; runner-up='
      const unknown = 'state=unknown; age=none; cost=…; held=0.0ms'
      t.assert.deepEqual(whys.sort(), [
        `${common}a:0.000; ${unknown}; tries=1`,
        `${common}none; ${unknown}; tries=2`,
      ])
    },
  )
})
