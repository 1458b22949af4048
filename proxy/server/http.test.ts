import { type TestContext, test } from 'node:test'
import { linesOf, RawConnection, type RawResponse, rawHttp } from '../test/raw-http.ts'
import { stubNodes } from '../test/stub-node.ts'
import { wiredProxy } from '../test/wired-proxy.ts'

const call = '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":[7]}'
const answered =
  '{"jsonrpc":"2.0","id":1,"result":{"node":"a","method":"eth_getBalance","params":[7]}}'
const json = 'Content-Type: application/json'
const plain = ['Content-Type: text/plain; charset=utf-8', 'X-Content-Type-Options: nosniff']
const wrongType = 'invalid content type, only application/json is supported\n'

test('a GET without body and query asks whether it is alive: 200, and nothing more', async (t: TestContext) => {
  const { port } = await serving(t)
  is(t, await rawHttp(port, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), 200, '', [])
  is(t, await rawHttp(port, 'GET /? HTTP/1.1\r\nHost: localhost\r\n\r\n'), 200, '', [])
})

test('a GET with a query is a call without a type, one with a body a call', async (t: TestContext) => {
  const { port } = await serving(t)
  const asked = await rawHttp(port, 'GET /?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  is(t, asked, 415, wrongType, plain)
  is(t, await rawHttp(port, request('GET / HTTP/1.1')), 200, answered, [json])
})

test('a query on a POST changes nothing', async (t: TestContext) => {
  const { port } = await serving(t)
  is(t, await rawHttp(port, request('POST /?x=1&y HTTP/1.1')), 200, answered, [json])
})

test('PUT and DELETE are not allowed, any other method of JSON is a call', async (t: TestContext) => {
  const { port } = await serving(t)
  for (const method of ['PUT', 'DELETE']) {
    const response = await rawHttp(port, request(`${method} / HTTP/1.1`))
    is(t, response, 405, 'method not allowed\n', plain)
  }
  for (const method of ['PATCH', 'POST', 'PROPFIND']) {
    is(t, await rawHttp(port, request(`${method} / HTTP/1.1`)), 200, answered, [json])
  }
})

test('HEAD is answered with a head, after the type was looked at', async (t: TestContext) => {
  const { port } = await serving(t)
  const bare = await rawHttp(port, 'HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  t.assert.match(bare.statusLine, / 415 /)
  const typed = await rawHttp(port, `HEAD / HTTP/1.1\r\nHost: localhost\r\n${json}\r\n\r\n`)
  t.assert.match(typed.statusLine, / 200 /)
})

test('OPTIONS without CORS is 200 with nothing in it', async (t: TestContext) => {
  const { port } = await serving(t)
  const origin = 'Origin: https://dapp.example\r\nAccess-Control-Request-Method: POST'
  for (const headers of ['', `${origin}\r\n`]) {
    const response = await rawHttp(port, `OPTIONS / HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`)
    is(t, response, 200, '', [json])
  }
})

test('a body must be declared as JSON, in one of three names', async (t: TestContext) => {
  const { port } = await serving(t)
  for (const type of [
    'application/json',
    'application/json-rpc',
    'application/jsonrequest',
    'APPLICATION/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="utf-8"',
    'application/json;',
  ]) {
    const response = await rawHttp(port, request('POST / HTTP/1.1', `Content-Type: ${type}`))
    is(t, response, 200, answered, [json])
  }
  for (const header of [
    'X-None: 1',
    'Content-Type: text/plain',
    'Content-Type: application/jsonx',
    'Content-Type: application/json; =',
    'Content-Type: application/json; charset',
    'Content-Type: application/json, text/plain',
    'Content-Type:',
  ]) {
    is(t, await rawHttp(port, request('POST / HTTP/1.1', header)), 415, wrongType, plain)
  }
})

test('a body that is declared too large is refused before it is sent', async (t: TestContext) => {
  const { port } = await serving(t)
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\n${json}\r\nContent-Length: 5242881\r\n\r\n`
  const response = await rawHttp(port, head)
  is(t, response, 413, 'content length too large (5242881>5242880)\n', [
    ...plain,
    'Connection: close',
  ])
})

test('a body of unknown length is cut at the limit, and what is left of it is no JSON', async (t: TestContext) => {
  const { port } = await serving(t)
  const chunk = Buffer.alloc(1_048_576, ' ')
  const connection = new RawConnection(port)
  connection.send(
    `POST / HTTP/1.1\r\nHost: localhost\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n`,
  )
  for (let i = 0; i < 6; i += 1) {
    connection.send(`${chunk.length.toString(16)}\r\n`)
    connection.send(i === 0 ? Buffer.concat([Buffer.from('{'), chunk.subarray(1)]) : chunk)
    connection.send('\r\n')
  }
  connection.send('0\r\n\r\n')
  const { statusLine, body } = await connection.next()
  connection.close()
  t.assert.match(statusLine, / 200 /)
  t.assert.equal(
    body.toString(),
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error"}}',
  )
})

test('a Host that is none of ours is refused, also for the health of it', async (t: TestContext) => {
  const { port } = await serving(t, { vhosts: ['localhost', 'rpc.example'] })
  const get = (host: string) => rawHttp(port, `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  for (const host of ['evil.example', 'rpc.example.evil', 'localhost.', 'evil.example:8545']) {
    is(t, await get(host), 403, 'invalid host specified\n', plain)
  }
  for (const host of ['localhost', 'LOCALHOST:1', 'rpc.example:8545', '127.0.0.1', '[::1]:8545']) {
    is(t, await get(host), 200, '', [])
  }
  const { port: any } = await serving(t, { vhosts: ['*'] })
  is(t, await rawHttp(any, 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n'), 200, '', [])
})

test('a path that is not served is 404 and says nothing', async (t: TestContext) => {
  const { port } = await serving(t)
  for (const path of ['/foo', '//', '/index.html', '/.']) {
    is(t, await rawHttp(port, request(`POST ${path} HTTP/1.1`)), 404, '', [])
  }
})

test('with a prefix all below it is served, and nothing else', async (t: TestContext) => {
  const { port } = await serving(t, { rpcprefix: '/rpc' })
  for (const path of ['/rpc', '/rpc/', '/rpc/v1?x', '/rpcx']) {
    is(t, await rawHttp(port, request(`POST ${path} HTTP/1.1`)), 200, answered, [json])
  }
  for (const path of ['/', '/rp', '/x/rpc']) {
    is(t, await rawHttp(port, request(`POST ${path} HTTP/1.1`)), 404, '', [])
  }
})

test('a preflight is answered to a page of ours, and not to others', async (t: TestContext) => {
  const { port } = await serving(t, { corsdomain: ['https://dapp.example'] })
  const preflight = (origin: string, method: string): Promise<RawResponse> =>
    rawHttp(
      port,
      `OPTIONS / HTTP/1.1\r\nHost: localhost\r\nOrigin: ${origin}\r\n` +
        `Access-Control-Request-Method: ${method}\r\nAccess-Control-Request-Headers: content-type\r\n\r\n`,
    )
  const vary = [
    'Vary: Origin',
    'Vary: Access-Control-Request-Method',
    'Vary: Access-Control-Request-Headers',
  ]
  is(t, await preflight('https://dapp.example', 'POST'), 200, '', [
    ...vary,
    'Access-Control-Allow-Origin: https://dapp.example',
    'Access-Control-Allow-Methods: POST',
    'Access-Control-Allow-Headers: Content-Type',
    'Access-Control-Max-Age: 600',
  ])
  is(t, await preflight('https://evil.example', 'POST'), 200, '', vary)
  is(t, await preflight('https://dapp.example', 'PUT'), 200, '', vary)
})

test('a foreign page is served and cannot read the answer, one of ours can', async (t: TestContext) => {
  const { port } = await serving(t, {
    corsdomain: ['https://dapp.example', 'https://*.ours.example'],
  })
  const from = (origin: string) =>
    rawHttp(port, request('POST / HTTP/1.1', `${json}\r\nOrigin: ${origin}`))
  for (const origin of ['https://dapp.example', 'HTTPS://DAPP.example', 'https://a.ours.example']) {
    is(t, await from(origin), 200, answered, [
      json,
      'Vary: Origin',
      `Access-Control-Allow-Origin: ${origin}`,
    ])
  }
  for (const origin of [
    'https://evil.example',
    'https://ours.example',
    'https://x.ours.example.evil',
  ]) {
    is(t, await from(origin), 200, answered, [json, 'Vary: Origin'])
  }
})

test('with any page allowed each is told so by a star', async (t: TestContext) => {
  const { port } = await serving(t, { corsdomain: ['*'] })
  const response = await rawHttp(
    port,
    request('POST / HTTP/1.1', `${json}\r\nOrigin: https://x.example`),
  )
  is(t, response, 200, answered, [json, 'Vary: Origin', 'Access-Control-Allow-Origin: *'])
})

test('one connection carries many requests, and they may come before their answers', async (t: TestContext) => {
  const { port } = await serving(t)
  const connection = new RawConnection(port)
  connection.send(request('POST / HTTP/1.1').repeat(3))
  for (let i = 0; i < 3; i += 1) is(t, await connection.next(), 200, answered, [json])
  connection.send(request('POST / HTTP/1.1', `${json}\r\nConnection: close`))
  is(t, await connection.next(), 200, answered, [json, 'Connection: close'])
  await connection.ended()
})

test('a body may come in pieces, and behind a 100 where the client waits for one', async (t: TestContext) => {
  const { port } = await serving(t)
  const connection = new RawConnection(port)
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\n${json}\r\n`
  connection.send(`${head}Transfer-Encoding: chunked\r\n\r\n`)
  for (const piece of [call.slice(0, 10), call.slice(10)]) {
    connection.send(`${piece.length.toString(16)}\r\n${piece}\r\n`)
  }
  connection.send('0\r\n\r\n')
  is(t, await connection.next(), 200, answered, [json])
  connection.send(`${head}Content-Length: ${call.length}\r\nExpect: 100-continue\r\n\r\n${call}`)
  const waited = await connection.next()
  t.assert.deepEqual(waited.interim, ['HTTP/1.1 100 Continue'])
  is(t, waited, 200, answered, [json])
  connection.close()
})

async function serving(t: TestContext, http: object = {}) {
  return await wiredProxy(t, await stubNodes(t, 'a'), { http })
}

/** A request with a call in it. */
function request(line: string, headers: string = json): string {
  return `${line}\r\nHost: localhost\r\n${headers}\r\nContent-Length: ${call.length}\r\n\r\n${call}`
}

/** Status, body and every header line but for Date; the length is that of the body. */
function is(
  t: TestContext,
  response: RawResponse,
  status: number,
  body: string,
  lines: readonly string[],
): void {
  t.assert.equal(response.statusLine.split(' ')[1], String(status))
  t.assert.equal(response.body.toString(), body)
  t.assert.deepEqual(linesOf(response), [...lines, `Content-Length: ${body.length}`].sort())
}
