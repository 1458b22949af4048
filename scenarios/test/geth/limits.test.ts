import { after, before, suite, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { missing } from './needs.ts'
import { post, preflight } from './odd-requests.ts'
import { comparable, exchange } from './raw-http.ts'
import { SideBySide } from './side-by-side.ts'

/** What Geth and the proxy are both told. */
const flags = [
  ...[
    '--http.vhosts',
    'rpc.example,foo',
    '--http.corsdomain',
    'https://dapp.example,http://*.foo.bar',
  ],
  ...['--ws.origins', 'https://dapp.example', '--rpc.batch-request-limit', '12'],
  ...['--rpc.batch-response-max-size', '300'],
]

const hosts = ['127.0.0.1', 'rpc.example', 'RPC.example:80', 'evil']
const origins = [
  'https://dapp.example',
  'http://a.foo.bar',
  'http://foo.bar',
  'HTTPS://DAPP.EXAMPLE',
].concat(['https://evil', 'null', ''])
const askedFor = [
  ['POST', 'content-type'],
  ['get', 'x-foo, content-type'],
  ['POST', 'Content-Type,X-A_b'],
  ['POST', 'odd header;'],
  ['POST', ''],
  ['PUT', 'content-type'],
  ['', 'content-type'],
] as const

/** Members of a batch: long and short answers, errors, and what is no call. */
const members = [
  '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}',
  '{"jsonrpc":"2.0","id":2,"method":"eth_getBlockByNumber","params":["0x1",false]}',
  '{"jsonrpc":"2.0","id":"x","method":"eth_nope"}',
  '{"jsonrpc":"2.0","id":5,"method":"foo_nope"}',
  '{"jsonrpc":"2.0","id":null,"method":"eth_accounts"}',
  '{"jsonrpc":"2.0","id":6,"method":"eth_getBalance","params":{}}',
  '{"jsonrpc":"2.0","id":7,"method":"eth_sendRawTransaction","params":["0x00"]}',
  '{"jsonrpc":"2.0","id":8,"method":"eth_subscribe","params":["newHeads"]}',
  '{"jsonrpc":"2.0","id":{},"method":"eth_chainId"}',
  '{"jsonrpc":"2.0","id":[1]}',
  '{"jsonrpc":"2.0","method":"eth_chainId"}',
  '{"jsonrpc":"2.0","id":3,"result":1}',
  ...['null', '1', '[]'],
]

suite('limits and domains that are set', { skip: missing() ?? false }, () => {
  let sides: SideBySide
  before(async () => {
    sides = await SideBySide.start({ flags })
  })
  after(() => sides.close())

  test('pages of each origin are served and told alike', async (t: TestContext) => {
    const call = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
    for (const host of hosts) {
      for (const origin of origins) {
        const more = origin === '' ? [] : [`Origin: ${origin}`]
        const asked = post(call, more).replace('127.0.0.1', host)
        await alike(t, asked)
        await alike(t, asked.replace('POST / ', 'POST /x '))
        await alike(t, asked.replace('application/json', 'text/plain'))
        await alike(t, `GET / HTTP/1.1\r\nHost: ${host}\r\n${more.join()}\r\n\r\n`)
        for (const [method, names] of askedFor) {
          await alike(t, preflight(`Host: ${host}`, origin, method, names))
          await alike(
            t,
            preflight(`Host: ${host}`, origin, method, names, ['Accept-Encoding: gzip']),
          )
        }
      }
    }
  })

  test('a page of another origin gets no WebSocket, one of ours does', async (t: TestContext) => {
    for (const origin of origins) {
      await alike(
        t,
        `GET / HTTP/1.1\r\nHost: evil\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${
          origin === '' ? '' : `Origin: ${origin}\r\n`
        }Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      )
    }
  })

  test('batches are refused and cut off alike', async (t: TestContext) => {
    const batch = fc.array(fc.constantFrom(...members), { maxLength: 14 })
    const encoding = fc.constantFrom([], ['Accept-Encoding: gzip'])
    await fc.assert(
      fc.asyncProperty(batch, encoding, async (some, more) => {
        await alike(t, post(`[${some.join()}]`, more))
      }),
      { numRuns: 300 },
    )
  })

  async function alike(t: TestContext, request: string): Promise<void> {
    const bytes = Buffer.from(request, 'latin1')
    const [direct, proxied] = await Promise.all(
      [sides.direct, sides.proxied].map(({ httpPort }) => exchange(httpPort, bytes)),
    )
    t.assert.deepEqual(proxied?.map(comparable), direct?.map(comparable), request)
  }
})
