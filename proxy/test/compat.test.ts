import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { WebSocket } from 'ws'
import { largeNode } from './large-node.ts'
import { linesOf, rawHttp } from './raw-http.ts'
import { stubNodes } from './stub-node.ts'
import { wiredProxy } from './wired-proxy.ts'

const call = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
const answered = '{"jsonrpc":"2.0","id":1,"result":"0x7a69"}'
const json = 'Content-Type: application/json'

test('up to Geth 1.17.3 answers end with a newline, which is counted', async (t: TestContext) => {
  const { port } = await begin(t, '1.17.3')
  const response = await rawHttp(port, post(call))
  t.assert.equal(response.body.toString(), `${answered}\n`)
  t.assert.deepEqual(linesOf(response), [`Content-Length: ${answered.length + 1}`, json])
  const batch = await rawHttp(port, post(`[${call}]`))
  t.assert.equal(batch.body.toString(), `[${answered}]\n`)
  const packed = await rawHttp(port, post(call, 'Accept-Encoding: gzip'))
  t.assert.equal(gunzipSync(packed.body).toString(), `${answered}\n`)
})

test('what it marks as an error ends without one, and nothing stays nothing', async (t: TestContext) => {
  const { port } = await begin(t, '1.17.3')
  t.assert.match((await rawHttp(port, post('[]'))).body.toString(), /"empty batch"\}\}$/)
  t.assert.equal((await rawHttp(port, post('{'))).body.toString().at(-1), '}')
  const notification = '{"jsonrpc":"2.0","method":"eth_chainId"}'
  t.assert.equal((await rawHttp(port, post(notification))).body.length, 0)
})

test('a long answer is not counted then, unless to HTTP/1.0', async (t: TestContext) => {
  const { port, node } = await begin(t, '1.17.3')
  const result = 'x'.repeat(3_000)
  node.on('eth_call', () => ({ result }))
  const asked = post('{"jsonrpc":"2.0","id":1,"method":"eth_call"}')
  const whole = `{"jsonrpc":"2.0","id":1,"result":"${result}"}\n`
  const chunked = await rawHttp(port, asked)
  t.assert.deepEqual(linesOf(chunked), [json, 'Transfer-Encoding: chunked'])
  t.assert.equal(chunked.body.toString(), whole)
  const old = await rawHttp(port, asked.replace('HTTP/1.1', 'HTTP/1.0'))
  t.assert.equal(old.body.toString(), whole)
})

test('nor is one that flows', async (t: TestContext) => {
  const bytes = 4_000_000
  const node = { name: 'a', url: await largeNode(t) }
  const { port } = await wiredProxy(t, [node], {
    http: { api: 'test' },
    rpc: { compat: '1.16.0' },
  })
  const params = `[${bytes},"counted"]`
  const asked = post(`{"jsonrpc":"2.0","id":1,"method":"test_large","params":${params}}`)
  const { headers, body } = await rawHttp(port, asked)
  t.assert.ok(headers.some(([name]) => name === 'Transfer-Encoding'))
  t.assert.equal(body.subarray(-3).toString(), '"}\n')
  t.assert.equal(body.length, '{"jsonrpc":"2.0","id":1,"result":}'.length + bytes + 1)
})

test('its WebSocket messages end with a newline too, and broken JSON ends it', async (t: TestContext) => {
  for (const [release, code] of [
    ['1.17.2', 1006],
    ['1.17.3', 1000],
  ] as const) {
    const { url } = await begin(t, release)
    const client = new WebSocket(url.replace('http', 'ws'))
    t.after(() => client.terminate())
    await once(client, 'open')
    client.send(call)
    t.assert.equal(String((await once(client, 'message'))[0]), `${answered}\n`)
    const closed = once(client, 'close')
    client.send('x')
    t.assert.match(String((await once(client, 'message'))[0]), /invalid character.*\n$/)
    t.assert.equal((await closed)[0], code)
  }
})

test('its hosts are in lower case, and a WebSocket on another path is 200 with nothing in it', async (t: TestContext) => {
  const { port } = await begin(t, '1.17.3')
  const upper = await rawHttp(port, post(call).replace('localhost', 'LOCALHOST'))
  t.assert.match(upper.statusLine, / 403 /)
  const upgrade =
    'GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  const response = await rawHttp(port, upgrade)
  t.assert.match(response.statusLine, / 200 /)
  t.assert.deepEqual(linesOf(response), ['Content-Length: 0'])
})

test('before 1.16 a method may have a name of any length', async (t: TestContext) => {
  const method = `foo_${'x'.repeat(2_100)}`
  const asked = post(`{"jsonrpc":"2.0","id":1,"method":"${method}"}`)
  for (const [release, message] of [
    ['1.15.0', `the method ${method} does not exist/is not available`],
    ['1.16.0', 'method name too long: 2104 \\u003e 2048'],
  ] as const) {
    const { port } = await begin(t, release)
    const { body } = await rawHttp(port, asked)
    t.assert.ok(body.toString().includes(`"${message}"`), release)
  }
})

async function begin(t: TestContext, compat: string) {
  const [node] = await stubNodes(t, 'a')
  return { ...(await wiredProxy(t, [node], { rpc: { compat } })), node }
}

function post(body: string, more = 'X-None: 1'): string {
  return `POST / HTTP/1.1\r\nHost: localhost\r\n${more}\r\n${json}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}
