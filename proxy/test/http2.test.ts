import { once } from 'node:events'
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { RawConnection, rawHttp } from './raw-http.ts'
import { stubNodes } from './stub-node.ts'
import { wiredProxy } from './wired-proxy.ts'

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const json = { 'content-type': 'application/json' }
const call = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
const answered = '{"jsonrpc":"2.0","id":1,"result":"0x7a69"}'

test('who begins with HTTP/2 is answered in it, with what HTTP/1.1 would say', async (t: TestContext) => {
  const { ask } = await begin(t)
  const { status, headers, body } = await ask({ ':method': 'POST', ...json }, call)
  t.assert.equal(status, 200)
  t.assert.equal(body, answered)
  t.assert.deepEqual(Object.keys(headers).sort(), ['content-length', 'content-type', 'date'])
  for (const [asked, status, text] of [
    [{ ':method': 'GET' }, 200, ''],
    [{ ':method': 'GET', ':path': '/x' }, 404, ''],
    [{ ':method': 'GET', ':authority': 'evil' }, 403, 'invalid host specified\n'],
    [{ ':method': 'PUT' }, 405, 'method not allowed\n'],
  ] as const) {
    const answer = await ask(asked)
    t.assert.equal(answer.status, status)
    t.assert.equal(answer.body, text)
  }
  const packed = await ask(
    { ':method': 'POST', 'accept-encoding': 'gzip', ...json },
    call,
    'latin1',
  )
  t.assert.equal(gunzipSync(Buffer.from(packed.body, 'latin1')).toString(), answered)
})

test('a body above the limit is refused, one below it is read whole', async (t: TestContext) => {
  const { ask, client } = await begin(t)
  const long = client.request({ ':method': 'POST', ...json, 'content-length': 5_242_881 })
  const [{ ':status': status }] = await once(long, 'response')
  t.assert.equal(status, 413)
  t.assert.equal(await text(long), 'content length too large (5242881>5242880)\n')
  await once(long, 'close')
  const spaces = ' '.repeat(1_000_000)
  t.assert.equal((await ask({ ':method': 'POST', ...json }, spaces + call)).body, answered)
})

test('a hundred calls on one connection are answered, each with its own answer', async (t: TestContext) => {
  const { ask } = await begin(t)
  const asked = Array.from({ length: 100 }, (_, i) => {
    return ask({ ':method': 'POST', ...json }, call.replace('1,', `${i},`))
  })
  for (const [i, answer] of asked.entries()) {
    t.assert.equal((await answer).body, answered.replace('1,', `${i},`))
  }
})

test('a stream that is called off calls off its call, and no other', async (t: TestContext) => {
  const { ask, client, node } = await begin(t)
  const held = Promise.withResolvers<void>()
  node.on('eth_call', () => {
    held.resolve()
    return 'hold'
  })
  const stream = client.request({ ':method': 'POST', ...json })
  stream.end('{"jsonrpc":"2.0","id":1,"method":"eth_call"}')
  await held.promise
  stream.close(8)
  await once(stream, 'close')
  t.assert.equal((await ask({ ':method': 'POST', ...json }, call)).body, answered)
})

test('a preface that comes byte by byte is one, and half of one is no request', async (t: TestContext) => {
  const { port } = await begin(t)
  const socket = connectSocket(port, '127.0.0.1').setNoDelay(true)
  t.after(() => socket.destroy())
  // With settings, to which the server answers with its own.
  for (const byte of Buffer.from(`${preface}\0\0\0\x04\0\0\0\0\0`, 'latin1')) {
    socket.write(Buffer.of(byte))
    await new Promise(setImmediate)
  }
  const [first] = await once(socket, 'data')
  t.assert.equal(first[3], 4)
  const half = await rawHttp(port, 'PRI * HTTP/2.0\r\nHost: localhost\r\n\r\n')
  t.assert.match(half.statusLine, / 400 /)
})

test('nobody changes to it in the middle, nor where the release has none', async (t: TestContext) => {
  const { port } = await begin(t)
  const connection = new RawConnection(port)
  t.after(() => connection.close())
  connection.send(`GET / HTTP/1.1\r\nHost: localhost\r\n\r\n`)
  t.assert.match((await connection.next('GET')).statusLine, / 200 /)
  connection.send(`${preface}\0\0\0\x04\0\0\0\0\0`)
  t.assert.match((await connection.next()).statusLine, / 400 /)
  const { port: old } = await begin(t, { rpc: { compat: '1.16.9' } })
  t.assert.match((await rawHttp(old, preface)).statusLine, / 400 /)
})

test('it ends with the proxy', async (t: TestContext) => {
  const { client, close, ask } = await begin(t)
  await ask({ ':method': 'GET' })
  await Promise.all([once(client, 'close'), close()])
})

async function begin(t: TestContext, config: Record<string, unknown> = {}) {
  const [node] = await stubNodes(t, 'a')
  const proxy = await wiredProxy(t, [node], config)
  const client = connect(proxy.url.replace('127.0.0.1', 'localhost'))
  client.on('error', () => {}) // Where the proxy has none, and when it ends.
  t.after(() => client.destroy())
  return { ...proxy, node, client, ask: askOn(client) }
}

function askOn(client: ClientHttp2Session) {
  return async (headers: OutgoingHttpHeaders, body = '', encoding: BufferEncoding = 'utf8') => {
    const stream = client.request(headers, { endStream: body === '' })
    if (body !== '') stream.end(body)
    const [received] = await once(stream, 'response')
    const { ':status': status, ...rest } = received
    stream.setEncoding(encoding)
    return { status: Number(status), headers: { ...rest }, body: await text(stream) }
  }
}
