import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import type { Exchange, Push } from '../exchange.ts'
import type { Answer } from '../rpc/answer.ts'
import type { Parsed } from '../rpc/call.ts'
import { WebSocketSide } from './websocket.ts'

test('text and binary messages are understood alike, and answered as text', async (t: TestContext) => {
  const { client } = await begin(t)
  for (const binary of [false, true]) {
    client.send('{"id":1}', { binary })
    const [data, isBinary] = await once(client, 'message')
    t.assert.equal(String(data), '{"id":1}')
    t.assert.equal(isBinary, false)
  }
})

test('what is no UTF-8 inside a text is no reason to end', async (t: TestContext) => {
  const { url } = await begin(t)
  const client = new WebSocket(url, { skipUTF8Validation: true })
  t.after(() => client.terminate())
  await once(client, 'open')
  client.send(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), { binary: false })
  const [data] = await once(client, 'message')
  t.assert.deepEqual(data, Buffer.from('7b22ff223a317d', 'hex'))
})

test('a message may be of 32 MiB, and one of a byte more ends the connection', async (t: TestContext) => {
  const { client } = await begin(t)
  const most = Buffer.alloc(33_554_432, 0x20)
  most.write('[]')
  client.send(most)
  const [data] = await once(client, 'message')
  t.assert.equal(String(data), '[]')
  client.send(Buffer.concat([most, Buffer.from(' ')]))
  const [code] = await once(client, 'close')
  t.assert.equal(code, 1009)
})

test('neither compression nor a subprotocol is agreed upon', async (t: TestContext) => {
  const { url } = await begin(t)
  const client = new WebSocket(url, ['foo', 'bar'], { perMessageDeflate: true })
  t.after(() => client.terminate())
  // `ws` itself takes offence at a server that ignores its subprotocols, but not at the handshake.
  const [response] = await Promise.race([once(client, 'upgrade'), once(client, 'error')])
  t.assert.equal(response.headers['sec-websocket-protocol'], undefined)
  t.assert.equal(response.headers['sec-websocket-extensions'], undefined)
})

test('a ping comes after half a minute without a word, and each word puts it off', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { client, clock, push } = await begin(t)
  let pings = 0
  client.on('ping', () => {
    pings += 1
  })
  clock.ms = 29_999
  t.mock.timers.tick(1_000)
  const told = once(client, 'message')
  ;(await push.promise).push(Buffer.from('{}'))
  await told
  clock.ms = 59_998
  t.mock.timers.tick(1_000)
  client.send('{}')
  await once(client, 'message')
  t.assert.equal(pings, 0)
  const pinged = once(client, 'ping')
  clock.ms = 59_998 + 30_000
  t.mock.timers.tick(1_000)
  await pinged
})

test('a client that does not answer a ping in half a minute is dropped', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { url, clock, gone } = await begin(t)
  const deaf = new WebSocket(url, { autoPong: false })
  await once(deaf, 'open')
  const pinged = once(deaf, 'ping')
  clock.ms = 30_000
  t.mock.timers.tick(1_000)
  await pinged
  const closed = once(deaf, 'close')
  clock.ms = 60_000
  t.mock.timers.tick(1_000)
  const [code] = await closed
  t.assert.equal(code, 1006)
  await gone.promise
})

test('one that does is kept', async (t: TestContext) => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const { client, clock } = await begin(t)
  for (let i = 0; i < 3; i += 1) {
    const pinged = once(client, 'ping')
    clock.ms += 30_000
    t.mock.timers.tick(1_000)
    await pinged
    // The pong leaves before this, so it has come when the answer comes.
    client.send('{}')
    await once(client, 'message')
  }
  t.assert.equal(client.readyState, WebSocket.OPEN)
})

test('a client that goes calls off what it asked, and all it had ends', async (t: TestContext) => {
  const { client, side, held, gone } = await begin(t)
  client.send('{"hold":1}')
  const exchange = await held.promise
  t.assert.equal(side.size, 1)
  client.terminate()
  t.assert.equal(await gone.promise, exchange.push)
  t.assert.ok(exchange.cancellation.isCancelled)
  t.assert.equal(side.size, 0)
})

test('a client that does not say goodbye in turn is left', async (t: TestContext) => {
  const { url, side } = await begin(t)
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  t.after(() => socket.destroy())
  const key = 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
  socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${upgrade}${key}\r\n`)
  await once(socket, 'data')
  t.mock.timers.enable({ apis: ['setTimeout'] })
  // A text of nothing, behind an empty mask, is JSON cut short.
  socket.write(Buffer.from([0x81, 0x80, 0, 0, 0, 0]))
  const [goodbye] = await once(socket, 'data')
  t.assert.deepEqual(goodbye, Buffer.from([0x88, 0x02, 0x03, 0xe8]))
  t.assert.equal(side.size, 2)
  t.mock.timers.tick(1_000)
  await once(socket, 'close')
  t.assert.equal(side.size, 1)
})

test('an end of the server is said to every client', async (t: TestContext) => {
  const { client, side } = await begin(t)
  const closed = once(client, 'close')
  await side.close()
  const [code] = await closed
  t.assert.equal(code, 1001)
})

/** A server that answers each message with itself, holds what asks for it, and one client of it. */
async function begin(t: TestContext) {
  const held = Promise.withResolvers<Exchange>()
  const gone = Promise.withResolvers<Push>()
  const push = Promise.withResolvers<Push>()
  const clock = { ms: 0, nowMs: () => clock.ms }
  const answer = async (parsed: Parsed, exchange: Exchange): Promise<Answer> => {
    if (exchange.push !== null) push.resolve(exchange.push)
    if (parsed.kind !== 'single') return [Buffer.from('[]')]
    if (!parsed.message.body.includes('hold')) return [parsed.message.body]
    held.resolve(exchange)
    return await new Promise(() => {})
  }
  const options = { origins: [], rpcprefix: '', maxQueuedBytes: 1_000_000 }
  const side = new WebSocketSide(options, answer, gone.resolve, clock)
  const server = createServer()
  server.on('upgrade', (request, socket, head) => side.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  const client = new WebSocket(url)
  t.after(async () => {
    client.terminate()
    server.close()
    await side.close()
  })
  await once(client, 'open')
  client.send('{}')
  await once(client, 'message')
  return { side, url, client, clock, held, gone, push }
}
