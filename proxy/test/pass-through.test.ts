import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { RawConnection, type RawResponse, rawHttp } from './raw-http.ts'
import { stubNodes } from './stub-node.ts'
import { type WebNode, webNode } from './web-node.ts'
import { wiredProxy } from './wired-proxy.ts'

const query = '{"query":"{block{number}}"}'

test('without being told to, the proxy has no /graphql, as Geth has none', async (t: TestContext) => {
  const web = await webNode(t)
  const { port } = await begin(t, web, {})
  const response = await rawHttp(port, post('/graphql', query))
  t.assert.match(response.statusLine, / 404 /)
  t.assert.equal(response.body.length, 0)
  t.assert.equal(web.asked.length, 0)
})

test('/graphql and what is below it pass as they are, there and back', async (t: TestContext) => {
  const web = await webNode(t)
  const { port } = await begin(t, web)
  for (const path of ['/graphql', '/graphql/', '/graphql/ui?x=%20y']) {
    const { statusLine, body } = await rawHttp(port, post(path, query))
    t.assert.equal(statusLine, 'HTTP/1.1 200 OK')
    t.assert.deepEqual(JSON.parse(body.toString()), { method: 'POST', url: path, body: query })
  }
  const asked = await rawHttp(port, 'GET /graphql/ui HTTP/1.0\r\n\r\n')
  t.assert.match(asked.body.toString(), /"method":"GET"/)
  t.assert.equal(asked.statusLine, 'HTTP/1.0 200 OK')
})

test('a path that a node might read as another one does not pass', async (t: TestContext) => {
  const web = await webNode(t)
  const { port } = await begin(t, web)
  for (const path of [
    '/graphql/..',
    '/graphql/../',
    '/graphql//',
    '/graphql/%2e%2E/x',
    '/graphqlx',
    '/x',
    'http://localhost/graphql/../x',
  ]) {
    t.assert.match((await rawHttp(port, post(path, query))).statusLine, / 404 /, path)
  }
  t.assert.equal(web.asked.length, 0)
})

test('what passes is behind the same host names and for the same pages', async (t: TestContext) => {
  const web = await webNode(t)
  const { port } = await begin(t, web, { graphql: true, http: { corsdomain: 'https://d.example' } })
  const evil = await rawHttp(port, post('/graphql', query).replace('localhost', 'evil'))
  t.assert.match(evil.statusLine, / 403 /)
  t.assert.equal(evil.body.toString(), 'invalid host specified\n')
  const { headers } = await rawHttp(port, post('/graphql', query, 'Origin: https://d.example'))
  const allowed = headers.filter(([name]) => name.startsWith('Access-'))
  t.assert.deepEqual(allowed, [['Access-Control-Allow-Origin', 'https://d.example']])
  const preflight =
    'OPTIONS /graphql HTTP/1.1\r\nHost: localhost\r\nOrigin: https://d.example\r\nAccess-Control-Request-Method: POST\r\n\r\n'
  t.assert.match((await rawHttp(port, preflight)).statusLine, / 200 /)
  t.assert.equal(web.asked.length, 1)
  t.assert.equal(web.asked[0]?.headers.origin, undefined)
})

test('a node learns nothing that concerns the connection of the client', async (t: TestContext) => {
  const web = await webNode(t)
  const { port } = await begin(t, web)
  const more = 'Connection: close, X-Hop\r\nX-Hop: 1\r\nTE: trailers\r\nUpgrade: foo\r\nX-Kept: 1'
  const response = await rawHttp(port, post('/graphql', query, more))
  t.assert.ok(response.headers.some(([name, value]) => name === 'Connection' && value === 'close'))
  const [asked] = web.asked
  const seen = ['x-hop', 'te', 'upgrade', 'x-kept'].map((name) => asked?.headers[name])
  t.assert.deepEqual(seen, [undefined, undefined, undefined, '1'])
  t.assert.equal(asked?.headers.host, new URL(web.url).host)
})

test('a body above 5 MiB does not pass, declared or not', async (t: TestContext) => {
  const web = await webNode(t)
  const { port } = await begin(t, web)
  const head = 'POST /graphql HTTP/1.1\r\nHost: localhost\r\n'
  const declared = await rawHttp(port, `${head}Content-Length: 5242881\r\n\r\n`)
  isPlain(t, declared, 413, 'http: request body too large\n')
  t.assert.equal(web.asked.length, 0)
  const connection = new RawConnection(port)
  t.after(() => connection.close())
  connection.send(`${head}Transfer-Encoding: chunked\r\n\r\n`)
  const chunk = Buffer.alloc(1_048_576, 0x20)
  for (let i = 0; i < 6; i += 1) {
    connection.send(Buffer.concat([Buffer.from('100000\r\n'), chunk, Buffer.from('\r\n')]))
  }
  isPlain(t, await connection.next(), 413, 'http: request body too large\n')
  await web.idle()
})

test('a node that is dead is told in plain words, and so is a fleet without one', async (t: TestContext) => {
  const web = await webNode(t)
  const { port, node } = await begin(t, web)
  await web.stop()
  isPlain(t, await rawHttp(port, post('/graphql', query)), 502, 'the node did not answer\n')
  const { port: bare } = await wiredProxy(t, [{ name: 'a', url: node.url, web: false }], {
    graphql: true,
  })
  isPlain(t, await rawHttp(bare, post('/graphql', query)), 503, 'no node can serve this\n')
})

test('a node that is silent is told when its time is over, and left alone', async (t: TestContext) => {
  const web = await webNode(t, () => {})
  const { port } = await begin(t, web, { graphql: true, limits: { timeout: '100ms' } })
  const response = await rawHttp(port, post('/graphql', query))
  isPlain(t, response, 504, 'the node did not answer in time\n')
  await web.idle()
})

test('an answer that breaks off ends the connection: it must not look whole', async (t: TestContext) => {
  const web = await webNode(t, (_request, response) => {
    response.write('half')
    setImmediate(() => response.destroy())
  })
  const { port } = await begin(t, web)
  await t.assert.rejects(rawHttp(port, post('/graphql', query)), /ended/)
})

test('when clients go away so do their requests to nodes', async (t: TestContext) => {
  const answering = Promise.withResolvers<void>()
  let asked = 0
  const web = await webNode(t, (_request, response) => {
    response.write('begun')
    asked += 1
    if (asked === 50) answering.resolve()
  })
  const { port } = await begin(t, web)
  const clients = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'))
  for (const client of clients) {
    client.on('error', () => {})
    client.write(post('/graphql', query))
  }
  await answering.promise
  t.assert.equal(web.underWay.size, 50)
  for (const client of clients) client.destroy()
  await web.idle()
  t.assert.equal(web.underWay.size, 0)
})

test('a tunnel opens on a path that is passed through, and ends with either side', async (t: TestContext) => {
  const web = await webNode(t)
  const { url } = await begin(t, web, { 'pass-through': ['/live'] })
  const first = await opened(t, `${url.replace('http', 'ws')}/live/x`)
  const [ofFirst] = web.tunnels
  const second = await opened(t, `${url.replace('http', 'ws')}/live/x`)
  const [, ofSecond] = web.tunnels
  if (ofFirst === undefined || ofSecond === undefined) throw new Error('a tunnel leads nowhere')
  t.assert.deepEqual(
    web.asked.map(({ url }) => url),
    ['/live/x', '/live/x'],
  )
  second.terminate()
  await once(ofSecond, 'close')
  first.send('still')
  t.assert.equal(String((await once(first, 'message'))[0]), 'still!')
  ofFirst.terminate()
  await once(first, 'close')
})

test('no tunnel opens for a foreign page, a foreign host, or on /graphql alone', async (t: TestContext) => {
  const web = await webNode(t)
  const { url } = await begin(t, web, { graphql: true, 'pass-through': '/live' })
  const address = url.replace('http', 'ws')
  for (const [path, headers, status] of [
    ['/live', { origin: 'https://evil.example' }, 403],
    ['/live', { host: 'evil.example' }, 403],
    ['/graphql', {}, 404],
  ] as const) {
    const client = new WebSocket(address + path, { headers })
    const [error] = await once(client, 'error')
    t.assert.match(error.message, new RegExp(String(status)))
  }
  t.assert.equal(web.asked.length, 0)
  await web.stop()
  const [error] = await once(new WebSocket(`${address}/live`), 'error')
  t.assert.match(error.message, /502/)
})

test('a client that says no more while its node goes on ends its tunnel, and nothing else', async (t: TestContext) => {
  const web = await webNode(t)
  const { port } = await begin(t, web, { 'pass-through': '/live' })
  const client = connect(port, '127.0.0.1')
  client.write(
    'GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  )
  await once(client, 'readable')
  const [tunnel] = web.tunnels
  if (tunnel === undefined) throw new Error('no tunnel')
  const timer = setInterval(() => tunnel.send('more'), 1)
  tunnel.once('close', () => clearInterval(timer))
  client.end()
  client.resume()
  await Promise.all([once(tunnel, 'close'), once(client, 'close')])
})

test('tunnels end with the proxy', async (t: TestContext) => {
  const web = await webNode(t)
  const { url, close } = await begin(t, web, { 'pass-through': '/live' })
  const client = await opened(t, `${url.replace('http', 'ws')}/live`)
  const [tunnel] = web.tunnels
  if (tunnel === undefined) throw new Error('no tunnel')
  await Promise.all([close(), once(client, 'close'), once(tunnel, 'close')])
})

async function opened(t: TestContext, url: string): Promise<WebSocket> {
  const client = new WebSocket(url)
  t.after(() => client.terminate())
  await once(client, 'open')
  return client
}

/** A proxy before one node that serves `web` beside its JSON-RPC. */
async function begin(
  t: TestContext,
  web: WebNode,
  config: Record<string, unknown> = { graphql: true },
) {
  const [node] = await stubNodes(t, 'a')
  const proxy = await wiredProxy(t, [{ name: node.name, url: node.url, web: web.url }], config)
  return { ...proxy, node }
}

function post(path: string, body: string, more = 'X-None: 1'): string {
  return `POST ${path} HTTP/1.1\r\nHost: localhost\r\n${more}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

function isPlain(t: TestContext, response: RawResponse, status: number, text: string): void {
  t.assert.match(response.statusLine, new RegExp(`^HTTP/1.1 ${status} `))
  t.assert.equal(response.body.toString(), text)
  const type = response.headers.find(([name]) => name === 'Content-Type')?.[1]
  t.assert.equal(type, 'text/plain; charset=utf-8')
}
