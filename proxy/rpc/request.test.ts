import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type Message, parseCalls } from './call.ts'
import { canonicalBatch, canonicalRequest } from './request.ts'

test('a node gets our id, the method and the params, and nothing else', (t: TestContext) => {
  const asked = message(
    '{"extra":{"a":1},"PARAMS":[ 1.0, "\\u0061" ],"Method":"eth_call","ID":"theirs","jsonrpc":"2.0"}',
  )
  t.assert.equal(
    canonicalRequest(asked, 7).toString(),
    '{"jsonrpc":"2.0","id":7,"method":"eth_call","params":[ 1.0, "\\u0061" ]}',
  )
})

test('params are the bytes they were, UTF-8 or not', (t: TestContext) => {
  const params = Buffer.from([0x5b, 0x22, 0xff, 0xe2, 0x22, 0x5d])
  const body = Buffer.concat([Buffer.from('{"method":"a_é","params":'), params, Buffer.from('}')])
  const request = canonicalRequest(message(body), 1)
  t.assert.ok(request.includes(params))
  t.assert.ok(request.includes(Buffer.from('"a_é"')))
})

test('absent params stay absent, and null ones are the same to Geth', (t: TestContext) => {
  for (const member of ['', ',"params":null', ',"params": null ']) {
    const asked = message(`{"method":"eth_blockNumber"${member}}`)
    t.assert.equal(
      canonicalRequest(asked, 1).toString(),
      '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}',
    )
  }
})

test('a method’s name is written so that it reads the same', (t: TestContext) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.jsonValue()), (method, params) => {
      const asked = message(JSON.stringify({ method, params }))
      const sent: unknown = JSON.parse(canonicalRequest(asked, 3).toString())
      t.assert.deepEqual(sent, { jsonrpc: '2.0', id: 3, method, params: plain(params) })
    }),
  )
})

test('a batch is its requests in order, with ids from 0 whatever theirs were', (t: TestContext) => {
  const asked = ['eth_a', 'eth_b', 'eth_c'].map((method) =>
    message(`{"id":1,"method":"${method}"}`),
  )
  t.assert.deepEqual(JSON.parse(canonicalBatch(asked).toString()), [
    { jsonrpc: '2.0', id: 0, method: 'eth_a' },
    { jsonrpc: '2.0', id: 1, method: 'eth_b' },
    { jsonrpc: '2.0', id: 2, method: 'eth_c' },
  ])
})

test('a batch is the requests that each would be, whichever bodies they stand in', (t: TestContext) => {
  const members = [
    '{"method":"eth_a","params":["é"]}',
    '{"method":"eth_b","params":[7]}',
    '{"method":"eth_b","params":null}',
    '{"method":"eth_é","params":["ſ"]}',
  ]
  const kind = fc.record({ member: fc.constantFrom(...members), isShared: fc.boolean() })
  fc.assert(
    fc.property(fc.array(kind, { minLength: 1, maxLength: 8 }), (kinds) => {
      const shared = parseCalls(Buffer.from(`[${kinds.map(({ member }) => member).join()}]`))
      if (shared.kind !== 'batch') throw new Error(shared.kind)
      const asked = kinds.map(({ member, isShared }, i) => {
        const own = message(member)
        return isShared ? (shared.messages[i] ?? own) : own
      })
      const each = asked.map((one, id) => canonicalRequest(one, id).toString())
      t.assert.equal(canonicalBatch(asked).toString(), `[${each.join()}]`)
    }),
  )
})

function message(body: string | Buffer): Message {
  const parsed = parseCalls(Buffer.from(body))
  if (parsed.kind !== 'single') throw new Error(`${parsed.kind}: ${body}`)
  return parsed.message
}

/** What JSON leaves of a value: -0 becomes 0. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}
