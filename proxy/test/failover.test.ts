import { type TestContext, test } from 'node:test'
import { asFlags, nodeOf, runningProxy } from './running-proxy.ts'
import { type StubAnswer, stubNodes } from './stub-node.ts'

const failures: readonly (readonly [string, StubAnswer])[] = [
  ['cuts its answer short', 'cut'],
  ['ends the connection', 'drop'],
  ['answers HTML', { whole: '<html><body>502 Bad Gateway</body></html>' }],
  ['answers another call', { whole: '{"jsonrpc":"2.0","id":999999999,"result":1}' }],
  ['answers half of JSON', { whole: '{"jsonrpc":"2.0","id":1,"result":{"a":' }],
  ['answers HTTP 500', { whole: '{"jsonrpc":"2.0","id":1,"result":1}', status: 500 }],
  ['answers nothing', { whole: '' }],
]

test('a read whose node fails it', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'bad', 'good')
  const [bad, good] = nodes
  const proxy = await runningProxy(t, [...asFlags(nodes), '--strategy', 'round-robin'])

  await t.test('in any way is answered by another node', async (t: TestContext) => {
    for (const node of nodes) node.reset()
    for (const [what, failure] of failures) {
      bad.on('eth_getBalance', () => failure)
      const before = { bad: bad.calls.length, good: good.calls.length }
      // In turn: of two calls one asks the bad node first.
      for (let i = 0; i < 2; i += 1) {
        const answer = await proxy.call('eth_getBalance', '0x1', 'latest')
        t.assert.equal(answer.result?.node, 'good', what)
      }
      t.assert.equal(bad.calls.length - before.bad, 1, what)
      t.assert.equal(good.calls.length - before.good, 2, what)
      // A success, so that failures in a row do not take it out.
      for (let i = 0; i < 2; i += 1) await proxy.call('eth_getCode', '0x1', 'latest')
    }
    const seen = nodeOf(await proxy.fleet(), 'bad')
    t.assert.equal(seen.errors, failures.length)
    t.assert.equal(seen.breaker, 'closed')
  })

  await t.test(
    'a node that fails its calls and passes its checks is left alone, then tried again',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      bad.on('eth_getBalance', () => 'drop')
      while (bad.calls.length < 5) await proxy.call('eth_getBalance', '0x1', 'latest')
      t.assert.equal(nodeOf(await proxy.fleet(), 'bad').breaker, 'open')
      for (let i = 0; i < 10; i += 1) await proxy.call('eth_getBalance', '0x1', 'latest')
      t.assert.equal(bad.calls.length, 5)
      bad.scripts.clear()
      await proxy.untilNode('bad', ({ breaker }) => breaker !== 'open')
      const trial = bad.arrival('eth_getCode')
      const closed = proxy.untilNode('bad', ({ breaker }) => breaker === 'closed')
      let isOver = false
      const asking = (async () => {
        while (!isOver) await proxy.call('eth_getCode', '0x1', 'latest')
      })()
      await Promise.all([trial, closed])
      isOver = true
      await asking
    },
  )
})

test('a node killed under load costs no read, leaves the view, and returns when it is well', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b', 'c')
  const [a] = nodes
  const proxy = await runningProxy(t, asFlags(nodes))
  let isOver = false
  const outcomes = { ok: 0, failed: 0 }
  const clients = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const { result } = await proxy.call('eth_getBalance', '0x1', 'latest')
      outcomes[result === undefined ? 'failed' : 'ok'] += 1
    }
  })
  await proxy.untilNode('a', ({ calls }) => calls > 10)
  await a.stop()
  await proxy.untilNode('a', ({ health }) => health === 'down')
  const ready = await fetch(`${proxy.adminUrl}/readyz`)
  t.assert.equal(ready.status, 200)
  const { calls } = nodeOf(await proxy.fleet(), 'a')
  await a.start()
  await proxy.untilNode('a', (node) => node.health === 'up' && node.calls > calls)
  isOver = true
  await Promise.all(clients)
  t.assert.equal(outcomes.failed, 0)
  t.assert.ok(outcomes.ok > 100)
})

test('what the client brought about', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const proxy = await runningProxy(t, asFlags(nodes))

  await t.test(
    'an error that a node answers is the answer: no other node is asked',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      const error = { code: 3, message: 'execution reverted', data: '0x08c379a0' }
      for (const node of nodes) node.on('eth_call', () => ({ error }))
      t.assert.deepEqual((await proxy.call('eth_call', {}, 'latest')).error, error)
      const fleet = await proxy.fleet()
      t.assert.equal(
        fleet.nodes.reduce((sum, { calls }) => sum + calls, 0),
        1,
      )
      t.assert.equal(
        fleet.nodes.reduce((sum, { errors }) => sum + errors, 0),
        0,
      )
    },
  )

  await t.test(
    'a request no node can read is the client’s fault: no node is blamed, none asked twice',
    async (t: TestContext) => {
      for (const node of nodes) node.reset()
      const unread =
        '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid request"}}'
      for (const node of nodes) node.on('eth_getBalance', () => ({ whole: unread }))
      for (let i = 0; i < 12; i += 1) {
        const { id, error } = await proxy.call('eth_getBalance', '\ud800')
        t.assert.deepEqual([id, error?.code], [1, -32600])
      }
      for (const { breaker, errors } of (await proxy.fleet()).nodes) {
        t.assert.deepEqual([breaker, errors], ['closed', 0])
      }
      t.assert.equal(nodes[0].calls.length + nodes[1].calls.length, 12)
    },
  )
})
