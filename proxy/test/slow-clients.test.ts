import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../clock.ts'
import type { Answerer } from '../server/answerer.ts'
import { HttpServer } from '../server/http.ts'

/** Geth's limits, a hundred and fifty times as short. */
const timeLimits = { readMs: 200, writeMs: 200, idleMs: 10_000, lookEveryMs: 20 }

const badRequest =
  'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request'
const head = 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'

test('a connection on which nothing comes ends without a word', async (t: TestContext) => {
  const { client, asked } = await begin(t)
  t.assert.equal(await untilEnd(client), '')
  t.assert.equal(asked(), 0)
})

test('a head that stalls within a line is told, if the line makes no sense', async (t: TestContext) => {
  for (const begun of ['POST / HT', `${head}Hos`]) {
    const { client } = await begin(t)
    client.write(begun)
    t.assert.equal(await untilEnd(client), badRequest, begun)
  }
})

test('a head that stalls anywhere else ends without a word', async (t: TestContext) => {
  for (const begun of ['POST / HTTP/1.1', head, `${head}X: 1`]) {
    const { client, asked } = await begin(t)
    client.write(begun)
    t.assert.equal(await untilEnd(client), '', begun)
    t.assert.equal(asked(), 0)
  }
})

test('a head does not live longer by coming drop by drop', async (t: TestContext) => {
  const { client } = await begin(t)
  client.write(head)
  drip(t, client, 'x-slow: 1\r\n')
  t.assert.equal(await untilEnd(client), '')
})

test('a body that stalls behind a refusal ends the connection, and adds no word', async (t: TestContext) => {
  for (const length of ['Content-Length: 100', 'Transfer-Encoding: chunked']) {
    const { client } = await begin(t)
    client.write(`POST /elsewhere HTTP/1.1\r\nHost: localhost\r\n${length}\r\n\r\n`)
    const [statusLine = '', ...rest] = (await untilEnd(client)).split('\r\n')
    t.assert.equal(statusLine, 'HTTP/1.1 404 Not Found')
    t.assert.equal(rest.filter((line) => line.startsWith('HTTP/')).length, 0)
  }
})

test('a body that breaks off behind a refusal adds no word either', async (t: TestContext) => {
  const { client } = await begin(t)
  client.write(`POST /elsewhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n`)
  await once(client, 'readable')
  client.write('no size\r\n')
  const [statusLine = '', ...rest] = (await untilEnd(client)).split('\r\n')
  t.assert.equal(statusLine, 'HTTP/1.1 404 Not Found')
  t.assert.equal(rest.filter((line) => line.startsWith('HTTP/')).length, 0)
})

test('a body that stalls ends the connection, and was no call', async (t: TestContext) => {
  for (const begun of ['', '{"jsonrpc"', '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}']) {
    const { client, asked } = await begin(t)
    client.write(`${head}Content-Length: 100\r\n\r\n${begun}`)
    t.assert.equal(await untilEnd(client), '')
    t.assert.equal(asked(), 0)
  }
})

test('nor does a body live longer by coming drop by drop, counted or in chunks', async (t: TestContext) => {
  for (const [length, drop] of [
    ['Content-Length: 5000000', ' '],
    ['Transfer-Encoding: chunked', '1\r\n \r\n'],
  ] as const) {
    const { client, asked } = await begin(t)
    client.write(`${head}${length}\r\n\r\n`)
    drip(t, client, drop)
    t.assert.equal(await untilEnd(client), '')
    t.assert.equal(asked(), 0)
  }
})

test('an answer that is not taken ends the connection', async (t: TestContext) => {
  const { client, asked } = await begin(t)
  client.pause()
  client.write(`${head}Content-Length: 2\r\n\r\n{}`)
  // Nothing is read that could tell; what is written finds nobody there.
  drip(t, client, '\r\n')
  await closed(client)
  t.assert.equal(asked(), 1)
})

test('whoever is quick is kept, and ended when idle for long', async (t: TestContext) => {
  const { client, asked } = await begin(t, 100, { ...timeLimits, readMs: 10_000, idleMs: 200 })
  for (let i = 1; i <= 3; i += 1) {
    client.write(`${head}Content-Length: 2\r\n\r\n{}`)
    await once(client, 'data')
    t.assert.equal(asked(), i)
  }
  t.assert.equal(await untilEnd(client), '')
})

/** A server whose answers are of this many bytes, and a client of it. */
async function begin(t: TestContext, bytes = 50_000_000, limits = timeLimits) {
  let asked = 0
  const answer: Answerer = async () => {
    asked += 1
    return [Buffer.alloc(bytes)]
  }
  const options = { addr: '127.0.0.1', port: 0, vhosts: ['*'], corsdomain: [], rpcprefix: '' }
  const server = new HttpServer(
    { ...options, maxSockets: 10, timeLimits: limits },
    answer,
    systemClock,
  )
  t.after(() => server.close(0))
  const { hostname, port } = new URL((await server.listen()).url)
  const client = connect(Number(port), hostname)
  client.on('error', () => {})
  t.after(() => client.destroy())
  await once(client, 'connect')
  return { client, asked: () => asked }
}

/** All that it is told until it ends. */
async function untilEnd(client: Socket): Promise<string> {
  let text = ''
  client.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  await closed(client)
  return text
}

/** However it ends: a drop that comes too late makes an error of it. */
function closed(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    client.once('close', () => resolve())
  })
}

/** Sends a little over and over, for as long as there is a connection. */
function drip(t: TestContext, client: Socket, drop: string): void {
  const timer = setInterval(() => client.write(drop), 20)
  client.once('close', () => clearInterval(timer))
  t.after(() => clearInterval(timer))
}
