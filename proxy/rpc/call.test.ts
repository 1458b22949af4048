import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type Message, parseCalls } from './call.ts'

test('keys count in any case and the last of equal ones wins', (t: TestContext) => {
  const m = single(
    '{"JSONRPC":"2.0","ID":5,"Method":"a_b","method":"eth_x","PARAMS":[1],"extra":{}}',
  )
  t.assert.ok(m.isCall)
  t.assert.equal(m.method, 'eth_x')
  t.assert.equal(id(m), '5')
  t.assert.equal(m.body.toString('utf8', m.paramsStart, m.paramsEnd), '[1]')
})

test('keys may be escaped or written with letters that fold to ours', (t: TestContext) => {
  t.assert.equal(single('{"\\u006dethod":"eth_x"}').method, 'eth_x')
  t.assert.ok(single('{"jſonrpc":"2.0","id":1,"method":"eth_x"}').isCall)
})

test('an id is the bytes it was, spaces around it dropped', (t: TestContext) => {
  for (const raw of [
    'null',
    'true',
    '1.0',
    '1e3',
    '-0',
    '12345678901234567890123',
    '""',
    '"\\u0061\\/"',
  ]) {
    const m = single(`{"jsonrpc":"2.0","id": ${raw} ,"method":"eth_x"}`)
    t.assert.ok(m.isCall, raw)
    t.assert.equal(id(m), raw)
  }
})

test('an object or array is no id', (t: TestContext) => {
  t.assert.equal(single('{"jsonrpc":"2.0","id":{},"method":"eth_x"}').isCall, false)
  t.assert.equal(single('{"jsonrpc":"2.0","id":[1],"method":"eth_x"}').isNotification, false)
})

test('without an id a method is a notification', (t: TestContext) => {
  const m = single('{"jsonrpc":"2.0","method":"eth_x"}')
  t.assert.ok(m.isNotification)
  t.assert.equal(m.isCall, false)
})

test('a member of the wrong type counts as absent', (t: TestContext) => {
  t.assert.equal(single('{"jsonrpc":2,"id":1,"method":"eth_x"}').isCall, false)
  t.assert.equal(single('{"jsonrpc":"2.0","id":1,"method":7}').isCall, false)
  t.assert.equal(single('{"jsonrpc":"2.0","id":1,"method":"eth_x","method":7}').method, 'eth_x')
})

test('answers and subscription notifications are dropped', (t: TestContext) => {
  t.assert.ok(single('{"jsonrpc":"2.0","id":5,"result":1}').isDropped)
  t.assert.ok(single('{"jsonrpc":"2.0","id":5,"error":{}}').isDropped)
  t.assert.ok(single('{"jsonrpc":"2.0","id":5,"error":null}').isDropped)
  t.assert.ok(single('{"jsonrpc":"2.0","method":"eth_subscription","params":{}}').isDropped)
})

test('values are nested 10,000 deep at most, message and batch counted', (t: TestContext) => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  const call = (depth: number): string => `{"params":${nested(depth)}}`
  t.assert.equal(parseCalls(Buffer.from(call(9_999))).kind, 'single')
  t.assert.equal(parseCalls(Buffer.from(call(10_000))).kind, 'broken')
  t.assert.equal(parseCalls(Buffer.from(`[${call(9_998)}]`)).kind, 'batch')
  t.assert.equal(parseCalls(Buffer.from(`[${call(9_999)}]`)).kind, 'broken')
  t.assert.equal(parseCalls(Buffer.from(nested(10_000))).kind, 'batch')
  t.assert.equal(parseCalls(Buffer.from(nested(10_001))).kind, 'broken')
})

test('only the first value of a body is read', (t: TestContext) => {
  t.assert.equal(single('{"jsonrpc":"2.0","id":1,"method":"eth_x"} {{{').method, 'eth_x')
})

test('a body is empty, broken, single or a batch', (t: TestContext) => {
  t.assert.equal(parseCalls(Buffer.from(' \n')).kind, 'empty')
  for (const text of [
    '{',
    '[',
    '[1,',
    '[1 2]',
    '{"a":1',
    '{"a" 1}',
    '\ufeff{}',
    "'f",
    '{"a":1,}',
  ]) {
    t.assert.equal(parseCalls(Buffer.from(text)).kind, 'broken', text)
  }
  for (const text of ['null', '1', '"x"', '{}']) {
    t.assert.equal(parseCalls(Buffer.from(text)).kind, 'single', text)
  }
  const batch = parseCalls(Buffer.from('[{"id":1},[],7,{"jsonrpc":"2.0","id":2,"method":"eth_x"}]'))
  t.assert.equal(batch.kind === 'batch' && batch.messages.length, 4)
})

test('any message that JSON can write is read back', (t: TestContext) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.jsonValue(),
      fc.jsonValue(),
      (method, params, extra) => {
        const m = single(JSON.stringify({ extra, jsonrpc: '2.0', params, id: 1, method }))
        t.assert.equal(m.method, method.toWellFormed())
        t.assert.equal(m.body.toString('utf8', m.paramsStart, m.paramsEnd), JSON.stringify(params))
      },
    ),
  )
})

test('each call of a batch has its own method, alike as they may be', (t: TestContext) => {
  const tokens = ['"a_b"', '"a_bc"', '"a_"', '"\\u0061_b"', '""', '7', 'null', '"a_b\\""', '"A_b"']
  const names = new Map(tokens.map((token) => [token, single(`{"method":${token}}`).method]))
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...tokens), { minLength: 1 }), (asked) => {
      const bodies = asked.map((token) => `{"jsonrpc":"2.0","method": ${token},"id":1}`)
      const batch = parseCalls(Buffer.from(`[${bodies.join()}]`))
      t.assert.deepEqual(
        batch.kind === 'batch' && batch.messages.map(({ method }) => method),
        asked.map((token) => names.get(token)),
      )
    }),
  )
})

function single(text: string): Message {
  const parsed = parseCalls(Buffer.from(text))
  if (parsed.kind !== 'single') throw new Error(`${parsed.kind}: ${text}`)
  return parsed.message
}

function id(m: Message): string {
  return m.body.toString('utf8', m.idStart, m.idEnd)
}
