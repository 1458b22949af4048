import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type Answer, byteLength, errorAnswer, ownError, resultAnswer } from './answer.ts'
import { type Message, parseCalls } from './call.ts'

test('an id comes back byte for byte', (t: TestContext) => {
  for (const id of ['1', '-0', '1e3', '12345678901234567890123', '"\\u0061\\/"', 'null', 'true']) {
    t.assert.equal(text(result(id, '7')), `{"jsonrpc":"2.0","id":${id},"result":7}`)
  }
})

test('an id that is not UTF-8 comes back as the bytes it was', (t: TestContext) => {
  const body = Buffer.from([
    ...Buffer.from('{"jsonrpc":"2.0","method":"a_b","id":"'),
    0xff,
    0x22,
    0x7d,
  ])
  const answer = Buffer.concat(ownError(message(body), -32601, 'x'))
  t.assert.ok(answer.includes(Buffer.from([0x22, 0xff, 0x22])))
})

test('nothing is escaped in a raw id, as in Geth since 1.17.4', (t: TestContext) => {
  const id = '"<a>&\u2028\u2029\u00e2é"'
  t.assert.ok(text(result(id, 'null')).includes(`"id":${id}`))
})

test('without an id that can be echoed it is null', (t: TestContext) => {
  for (const member of ['', '"id":{},', '"id":[1],']) {
    const asked = message(`{${member}"jsonrpc":"2.0","method":"a_b"}`)
    t.assert.equal(
      text(ownError(asked, -32600, 'invalid request')),
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"invalid request"}}',
    )
  }
  t.assert.ok(text(ownError(null, -32700, 'parse error')).startsWith('{"jsonrpc":"2.0","id":null,'))
})

test('words of ours are escaped as Go escapes them', (t: TestContext) => {
  const answer = ownError(message('{"id":1}'), -32600, 'method name too long: 3 > 2')
  t.assert.ok(text(answer).endsWith('"message":"method name too long: 3 \\u003e 2"}}'))
})

test('a spliced answer parses to the same id and the same result, of any size', (t: TestContext) => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
      fc.nat({ max: 40_000 }),
      fc.boolean(),
      (value, id, padding, isError) => {
        const json = JSON.stringify([value, 'x'.repeat(padding)])
        const body = Buffer.from(`??${json}!!!`)
        const splice = isError ? errorAnswer : resultAnswer
        const asked = message(`{"id":${JSON.stringify(id)}}`)
        const answer = splice(asked, body, 2, body.length - 3)
        const member = isError ? 'error' : 'result'
        t.assert.deepEqual(JSON.parse(text(answer)), {
          jsonrpc: '2.0',
          id,
          [member]: JSON.parse(json),
        })
        t.assert.equal(byteLength(answer), Buffer.concat(answer).length)
        t.assert.ok(answer.every((part) => part.length > 0))
      },
    ),
  )
})

test('a large result is passed on in place', (t: TestContext) => {
  const body = Buffer.from(`"${'x'.repeat(20_000)}"`)
  const answer = resultAnswer(message('{"id":1}'), body, 0, body.length)
  t.assert.ok(answer.some((part) => part.buffer === body.buffer && part.length === body.length))
})

function message(body: string | Buffer): Message {
  const parsed = parseCalls(Buffer.from(body))
  if (parsed.kind !== 'single') throw new Error(`${parsed.kind}: ${body}`)
  return parsed.message
}

function result(id: string, json: string): Answer {
  const body = Buffer.from(json)
  return resultAnswer(message(`{"id": ${id} }`), body, 0, body.length)
}

function text(answer: Answer): string {
  return Buffer.concat(answer).toString()
}
