import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type WebSocket, WebSocketServer } from 'ws'
import { OpenLoop, type OpenLoopOptions } from './open-loop.ts'

type Heard = (socket: WebSocket, call: { readonly id: number }, text: string) => void

const good: Heard = (socket, { id }) => {
  socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' }))
}

test('calls over WebSocket are answered by id, many at once on each of many sockets', async (t: TestContext) => {
  const held: (() => void)[] = []
  // Nobody is answered before all have asked, and the last first.
  const server = await serving(t, (socket, call, text) => {
    held.push(() => good(socket, call, text))
    if (held.length === 100) for (const answer of held.reverse()) answer()
  })
  const arrivalsMs = Float64Array.from({ length: 100 }, (_, i) => i)
  const { classes, mostInFlight } = await loaded({ url: server.url, arrivalsMs })
  t.assert.deepEqual([classes['only']?.sent, classes['only']?.succeeded], [100, 100])
  t.assert.equal(mostInFlight, 100)
  t.assert.equal(server.connections(), 32)
})

test('what is wrong with an answer is told apart as over HTTP, and notifications are no answers', async (t: TestContext) => {
  const answers: readonly object[] = [
    { jsonrpc: '2.0', result: '0x1' },
    { jsonrpc: '1.0', result: '0x1' },
    { jsonrpc: '2.0', error: { code: -32000, message: 'no' } },
    { jsonrpc: '2.0', result: null },
  ]
  const server = await serving(t, (socket, { id }) => {
    socket.send(JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: {} }))
    socket.send(JSON.stringify({ ...answers[id], id }))
  })
  const { classes, examples } = await loaded({
    url: server.url,
    arrivalsMs: Float64Array.from([0, 1, 2, 3]),
  })
  t.assert.deepEqual(classes['only']?.failures, { malformed: 1, 'rpc-error': 1, empty: 1 })
  t.assert.ok(examples.some((text) => text.startsWith('rpc-error: ') && text.includes('-32000')))
})

test('a socket that breaks fails the calls on it, and those that come to it later', async (t: TestContext) => {
  const server = await serving(t, (socket) => socket.terminate())
  const arrivalsMs = Float64Array.from({ length: 64 }, (_, i) => i)
  const { classes } = await loaded({ url: server.url, arrivalsMs })
  t.assert.deepEqual(classes['only']?.failures, { socket: 64 })
})

test('a call without an answer has failed after its time', async (t: TestContext) => {
  const server = await serving(t, () => {})
  const { classes } = await loaded({ url: server.url, timeoutMs: 200 })
  t.assert.deepEqual(classes['only']?.failures, { timeout: 1 })
})

test('a port where nobody listens is an error, not a load of failures', async (t: TestContext) => {
  await t.assert.rejects(loaded({ url: 'ws://127.0.0.1:1' }), /ECONNREFUSED/)
})

async function loaded(options: Partial<OpenLoopOptions> & { readonly url: string }) {
  return await new OpenLoop({
    arrivalsMs: Float64Array.from([0]),
    nextCall: () => ({ kind: 0, method: 'eth_chainId', params: [] }),
    ...{ classes: ['only'], warmupMs: 0, durationMs: 100, maxInFlight: 1000 },
    ...{ timeoutMs: 20_000, idleMs: [], onWindow: () => {} },
    signal: new AbortController().signal,
    ...options,
  }).run()
}

async function serving(t: TestContext, heard: Heard) {
  let connections = 0
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  server.on('connection', (socket) => {
    connections += 1
    socket.on('message', (data: Buffer) => {
      const text = data.toString()
      heard(socket, JSON.parse(text) as { id: number }, text)
    })
  })
  t.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `ws://127.0.0.1:${port}`, connections: () => connections }
}
