import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { linesOf, type RawResponse, rawHttp } from '../test/raw-http.ts'
import { type Outgoing, send } from './outgoing.ts'

const text = Buffer.from('{"jsonrpc":"2.0","id":1,"result":"é"}')

test('a body goes out as it is, counted, with the headers given and no others', async (t: TestContext) => {
  const { statusLine, headers, body } = await sent(t, { body: [text], headers: ['X-Name', 'b c'] })
  t.assert.equal(statusLine, 'HTTP/1.1 200 OK')
  t.assert.deepEqual(headers.map(([name]) => name).sort(), ['Content-Length', 'Date', 'X-Name'])
  t.assert.deepEqual(body, text)
})

test('every byte arrives, in one part or in many', async (t: TestContext) => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  for (const parts of [[all], [all, Buffer.from('x'), all], [randomBytes(100_000)]]) {
    t.assert.deepEqual((await sent(t, { body: parts })).body, Buffer.concat(parts))
  }
})

test('it is compressed wherever gzip is named, whatever weight it was given', async (t: TestContext) => {
  for (const accepted of ['gzip', 'deflate, gzip;q=0', 'x-gzip', 'br,gzip,deflate']) {
    const response = await sent(t, { body: [text] }, `Accept-Encoding: ${accepted}\r\n`)
    t.assert.ok(linesOf(response).includes('Content-Encoding: gzip'), accepted)
    t.assert.deepEqual(gunzipSync(response.body), text)
  }
  for (const accepted of ['', 'Accept-Encoding: br\r\n', 'Accept-Encoding: GZIP\r\n']) {
    const response = await sent(t, { body: [text] }, accepted)
    t.assert.deepEqual(linesOf(response), [`Content-Length: ${text.length}`])
  }
})

test('nothing is compressed that Geth writes past its compressor', async (t: TestContext) => {
  const response = await sent(t, { body: [text], identity: true }, 'Accept-Encoding: gzip\r\n')
  t.assert.deepEqual(response.body, text)
})

test('compressed bytes begin as Go’s, and nothing at all is 23 of them', async (t: TestContext) => {
  const { body } = await sent(t, { body: [text] }, 'Accept-Encoding: gzip\r\n')
  t.assert.equal(body.toString('hex', 0, 10), '1f8b08000000000000ff')
  const none = await sent(t, { body: [] }, 'Accept-Encoding: gzip\r\n')
  t.assert.equal(none.body.length, 23)
  t.assert.equal(gunzipSync(none.body).length, 0)
})

test('what is more than 2 KiB compressed comes in chunks, but in HTTP/1.0', async (t: TestContext) => {
  const gzip = 'Accept-Encoding: gzip\r\n'
  for (const bytes of [1_000, 30_000, 200_000]) {
    const large = randomBytes(bytes)
    const response = await sent(t, { body: [large] }, gzip)
    const isChunked = linesOf(response).includes('Transfer-Encoding: chunked')
    t.assert.equal(isChunked, bytes > 2_048, `${bytes}`)
    t.assert.deepEqual(gunzipSync(response.body), large)
    const old = await sent(t, { body: [large] }, gzip, 'GET / HTTP/1.0')
    t.assert.ok(linesOf(old).includes(`Content-Length: ${old.body.length}`))
    t.assert.deepEqual(gunzipSync(old.body), large)
  }
})

test('HTTP/1.0 is answered in its own version, and kept open when it asks', async (t: TestContext) => {
  const plain = await sent(t, { body: [text] }, '', 'GET / HTTP/1.0')
  t.assert.equal(plain.statusLine, 'HTTP/1.0 200 OK')
  t.assert.deepEqual(linesOf(plain), [`Content-Length: ${text.length}`])
  const kept = await sent(t, { body: [text] }, 'Connection: Keep-Alive\r\n', 'GET / HTTP/1.0')
  t.assert.ok(linesOf(kept).includes('Connection: keep-alive'))
})

test('the connection is said to end when either side wants it', async (t: TestContext) => {
  const ours = await sent(t, { body: [text], close: true })
  t.assert.ok(linesOf(ours).includes('Connection: close'))
  const theirs = await sent(t, { body: [text] }, 'Connection: keep-alive, Close\r\n')
  t.assert.ok(linesOf(theirs).includes('Connection: close'))
})

test('HEAD has the length of what there would be, and none where there is nothing', async (t: TestContext) => {
  const some = await sent(t, { body: [text] }, '', 'HEAD / HTTP/1.1')
  t.assert.deepEqual(linesOf(some), [`Content-Length: ${text.length}`])
  const none = await sent(t, { body: [] }, '', 'HEAD / HTTP/1.1')
  t.assert.deepEqual(linesOf(none), [])
})

/** What a client gets of it that asks with these headers. */
async function sent(
  t: TestContext,
  { status = 200, headers = [], body = [], identity = false, close = false }: Partial<Outgoing>,
  asked = '',
  line = 'GET / HTTP/1.1',
): Promise<RawResponse> {
  const server = createServer(async (request, response) => {
    await send(request, response, { status, headers, body, identity, close })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return await rawHttp(port, `${line}\r\nHost: localhost\r\n${asked}\r\n`)
}
