import { once } from 'node:events'
import { connect, type OutgoingHttpHeaders } from 'node:http2'
import { buffer } from 'node:stream/consumers'
import { after, before, suite, type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { missing } from './needs.ts'
import { SideBySide } from './side-by-side.ts'

const call = '{"jsonrpc":"2.0","id":1,"method":"eth_getBlockByNumber","params":["0x1",true]}'
const json = { ':method': 'POST', 'content-type': 'application/json' }
const trace =
  '{"jsonrpc":"2.0","id":1,"method":"debug_traceBlockByNumber","params":["0x2",{"enableMemory":true}]}'

/** Requests by name: headers, and the body where there is one. */
const requests: Readonly<Record<string, readonly [OutgoingHttpHeaders, string]>> = {
  'a call': [json, call],
  'a counted call': [{ ...json, 'content-length': call.length }, call],
  'a compressed call': [{ ...json, 'accept-encoding': 'gzip' }, call],
  'a batch': [json, `[${call},${call}]`],
  'broken JSON': [json, '{'],
  'an answer of 20 MB': [json, trace],
  health: [{ ':method': 'GET' }, ''],
  'a query': [{ ':method': 'GET', ':path': '/?x=1' }, ''],
  'no body': [json, ''],
  'another path': [{ ...json, ':path': '/x' }, call],
  'another method': [{ ...json, ':method': 'PUT' }, call],
  'another type': [{ ...json, 'content-type': 'text/plain' }, call],
  'another host': [{ ...json, ':authority': 'evil' }, call],
  options: [{ ':method': 'OPTIONS' }, ''],
  head: [{ ':method': 'HEAD' }, ''],
}

suite('HTTP/2 without TLS', { skip: missing() ?? false }, () => {
  let sides: SideBySide
  before(async () => {
    sides = await SideBySide.start()
  })
  after(() => sides.close())

  for (const [name, [headers, body]] of Object.entries(requests)) {
    test(`${name} is answered alike`, async (t: TestContext) => {
      const [direct, proxied] = await Promise.all(
        [sides.direct, sides.proxied].map(({ url }) => ask(url, headers, body)),
      )
      t.assert.deepEqual(proxied, direct)
    })
  }
})

async function ask(url: string, asked: OutgoingHttpHeaders, body: string) {
  const client = connect(url)
  try {
    const stream = client.request(asked, { endStream: body === '' })
    if (body !== '') stream.end(body)
    const [received] = await once(stream, 'response')
    const bytes = await buffer(stream)
    const isGzip = received['content-encoding'] === 'gzip'
    // Two compressors need not agree on bytes, and no clock on seconds.
    const { date, 'content-length': length, ...headers } = received
    const content = isGzip ? gunzipSync(bytes) : bytes
    return {
      headers: { ...headers },
      length: isGzip ? null : length,
      body: content.toString('latin1'),
    }
  } finally {
    client.destroy()
  }
}
