import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { WebSocket } from 'ws'
import { linesOf, type RawResponse, rawHttp } from './raw-http.ts'
import { stubNodes } from './stub-node.ts'
import { wiredProxy } from './wired-proxy.ts'

const call = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
const answered = '{"jsonrpc":"2.0","id":1,"result":"0x7a69"}'
const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='
const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n${key}\r\n`
const http = `Content-Type: application/json\r\nContent-Length: ${call.length}\r\n\r\n${call}`

test('on a port of its own, WebSocket is all that is served', async (t: TestContext) => {
  const { webSocketPort, webSocketUrl } = await begin(t, {})
  t.assert.equal(await firstAnswer(t, webSocketUrl, call), answered)
  for (const request of [
    `POST / HTTP/1.1\r\nHost: localhost\r\n${http}`,
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: evil\r\nAccept-Encoding: gzip\r\n\r\n',
  ]) {
    isBare(t, await rawHttp(webSocketPort, request), 404)
  }
})

test('then nothing on the port of HTTP becomes a WebSocket: it is the request it else would be', async (t: TestContext) => {
  const { port } = await begin(t, {})
  isBare(t, await rawHttp(port, `GET / HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`), 200)
  const posted = await rawHttp(port, `POST / HTTP/1.1\r\nHost: localhost\r\n${upgrade}${http}`)
  t.assert.equal(posted.body.toString(), answered)
})

test('WebSocket may offer other namespaces than HTTP, at another path', async (t: TestContext) => {
  const { url, webSocketUrl } = await begin(t, { api: 'net', rpcprefix: '/ws' })
  const refused = 'the method eth_chainId does not exist/is not available'
  t.assert.match(await firstAnswer(t, `${webSocketUrl}/ws`, call), new RegExp(refused))
  const modules = '{"jsonrpc":"2.0","id":1,"method":"rpc_modules"}'
  t.assert.match(await firstAnswer(t, `${webSocketUrl}/ws`, modules), /\{"net":"1.0","rpc":"1.0"\}/)
  const elsewhere = new WebSocket(webSocketUrl)
  const [error] = await once(elsewhere, 'error')
  t.assert.match(error.message, /404/)
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: call })
  t.assert.equal(await answer.text(), answered)
})

test('what is left out is as with HTTP', async (t: TestContext) => {
  const [node] = await stubNodes(t, 'a')
  node.on('net_version', () => ({ result: '1' }))
  const { url, webSocketUrl } = await wiredProxy(t, [node], {
    http: { api: 'net', rpcprefix: '/rpc' },
  })
  t.assert.equal(webSocketUrl, null)
  const net = '{"jsonrpc":"2.0","id":1,"method":"net_version"}'
  const answer = await firstAnswer(t, `${url.replace('http', 'ws')}/rpc`, net)
  t.assert.equal(answer, '{"jsonrpc":"2.0","id":1,"result":"1"}')
})

async function begin(t: TestContext, ws: object) {
  const [node] = await stubNodes(t, 'a')
  const proxy = await wiredProxy(t, [node], { ws: { port: 0, ...ws } })
  const { webSocketUrl } = proxy
  if (webSocketUrl === null) throw new Error('WebSocket has no port of its own')
  return { ...proxy, webSocketUrl, webSocketPort: Number(new URL(webSocketUrl).port) }
}

async function firstAnswer(t: TestContext, url: string, message: string): Promise<string> {
  const client = new WebSocket(url)
  t.after(() => client.terminate())
  await once(client, 'open')
  client.send(message)
  const [data] = await once(client, 'message')
  return String(data)
}

function isBare(t: TestContext, response: RawResponse, status: number): void {
  t.assert.match(response.statusLine, new RegExp(`^HTTP/1.1 ${status} `))
  t.assert.deepEqual(linesOf(response), ['Content-Length: 0'])
}
