import { type TestContext, test } from 'node:test'
import type { FleetSnapshot } from '../admin/snapshot.ts'
import { stubNodes } from './stub-node.ts'
import { wiredProxy } from './wired-proxy.ts'

const call = '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x0","latest"]}'

test('what a node says of its load decides, and no client ever sees it', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const [a, b] = nodes
  a.headers = { 'endpoint-load-metrics': 'TEXT cpu_utilization=0.9,utilization.memory=0.5' }
  b.headers = { 'Endpoint-Load-Metrics-Bin': 'CZqZmZmZmbk/' }
  const proxy = await wiredProxy(t, nodes, { strategy: 'nearest-origin' })
  await t.waitFor(
    async () => {
      const { nodes } = (await (await fetch(`${proxy.adminUrl}/api/fleet`)).json()) as FleetSnapshot
      t.assert.deepEqual(
        nodes.map(({ reported, source }) => [reported, source]),
        [
          [{ cpu: 0.9, memory: 0.5 }, 'orca'],
          [{ cpu: 0.1 }, 'orca'],
        ],
      )
    },
    { timeout: 20_000, interval: 50 },
  )
  for (let i = 0; i < 5; i += 1) {
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(proxy.url, { method: 'POST', headers, body: call })
    t.assert.equal((await response.text()).includes('"node":"b"'), true)
    const names = [...response.headers.keys()]
    t.assert.deepEqual(
      names.filter((name) => name.startsWith('endpoint-load')),
      [],
    )
  }
})

test('a node that lies in its headers is answered from as before, and known by nothing', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [a] = nodes
  const proxy = await wiredProxy(t, nodes)
  for (const lie of [
    'TEXT cpu_utilization=NaN',
    'JSON {"cpu_utilization":-1}',
    'BIN !',
    'x'.repeat(9_000),
  ]) {
    a.headers = { 'endpoint-load-metrics': lie }
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(proxy.url, { method: 'POST', headers, body: call })
    t.assert.equal((await response.text()).includes('"node":"a"'), true)
    const { nodes } = (await (await fetch(`${proxy.adminUrl}/api/fleet`)).json()) as FleetSnapshot
    t.assert.equal(nodes[0]?.reported, null)
  }
})
