import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { asFlags, fileWith, nodeOf, type ProxyProcess, runningProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'

test('when a client goes', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  const proxy = await runningProxy(t, asFlags(nodes))

  await t.test('its call at the node ends, and the node is not blamed', async (t: TestContext) => {
    node.reset()
    const before = await distanceOf(proxy)
    node.on('eth_call', () => 'hold')
    for (let i = 0; i < 6; i += 1) {
      const arrived = node.arrival('eth_call')
      const gone = node.hangUp()
      const leave = await ask(proxy.url, '{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[]}')
      await arrived
      leave()
      await gone
    }
    const seen = await proxy.untilNode('a', ({ inFlight }) => inFlight === 0)
    t.assert.deepEqual([seen.errors, seen.breaker, seen.health], [0, 'closed', 'up'])
    // Nor does it look busy, or away: six failures would make it cost five times as much and more.
    const distance = await distanceOf(proxy)
    t.assert.ok(distance < 2 * before, `${distance}, ${before} before`)
  })

  await t.test('in the middle of a batch the rest of it is not sent', async (t: TestContext) => {
    node.reset()
    node.on('eth_sendRawTransaction', ({ params }) =>
      String(params) === '0x0' ? 'hold' : { result: 1 },
    )
    const writes = Array.from({ length: 5 }, (_, i) => {
      return `{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x${i}"]}`
    })
    const { calls: before } = await proxy.fleet()
    const arrived = node.arrival('eth_sendRawTransaction')
    const gone = node.hangUp()
    const leave = await ask(proxy.url, `[${writes.join()}]`)
    await arrived
    leave()
    await gone
    await proxy.until(({ calls }) => calls === before + 5)
    t.assert.equal(node.calls.length, 1)
  })
})

test('when a client goes its call leaves the queue for a connection at once', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [node] = nodes
  node.on('eth_call', () => 'hold')
  const config = await fileWith(t, 'limits: { sockets-per-node: 1 }')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--config', config])
  const arrived = node.arrival('eth_call')
  const body = '{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[]}'
  await ask(proxy.url, body)
  await arrived
  const leave = await ask(proxy.url, body)
  await proxy.untilNode('a', ({ inFlight }) => inFlight === 2)
  leave()
  await proxy.untilNode('a', ({ inFlight }) => inFlight === 1)
  t.assert.equal(nodeOf(await proxy.fleet(), 'a').errors, 0)
})

/** What one more call would cost the node, as the proxy explains it. */
async function distanceOf(proxy: ProxyProcess): Promise<number> {
  const body = '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[]}'
  const response = await proxy.fetch(body, { 'x-equipoise-explain': '1' })
  await response.body?.cancel()
  const [, distance] = /distance=([\d.]+)/.exec(response.headers.get('x-equipoise-why') ?? '') ?? []
  return Number(distance)
}

/** Sends a request and hands back what ends its connection. */
async function ask(url: string, body: string): Promise<() => void> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  const head = `POST / HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n`
  socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`)
  // A reset, because an end alone may come from a client that still waits for its answer.
  return () => socket.resetAndDestroy()
}
