import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { parseBatchReply, parseReply, type Reply } from './reply.ts'

test('an answer in the form of Geth is found, newline or not', (t: TestContext) => {
  t.assert.equal(found('{"jsonrpc":"2.0","id":7,"result":{"a":1}}', 7), 'result {"a":1}')
  t.assert.equal(found('{"jsonrpc":"2.0","id":7,"result":null}\n', 7), 'result null')
  const error = '{"code":3,"message":"execution reverted","data":"0x"}'
  t.assert.equal(found(`{"jsonrpc":"2.0","id":7,"error":${error}}`, 7), `error ${error}`)
})

test('members may come in any order, with spaces and strangers among them', (t: TestContext) => {
  t.assert.equal(found(' { "result" : [1] , "id" : 7 , "jsonrpc" : "2.0" } \n', 7), 'result [1]')
  t.assert.equal(found('{"id":7,"took":{"id":9},"result":true,"jsonrpc":"2.0"}', 7), 'result true')
  t.assert.equal(found('{"jsonrpc":"2.0","id":7,"result":5,"more":6}', 7), 'result 5')
  t.assert.equal(found('{"jsonrpc":"2.0","result":5,"id":7}', 7), 'result 5')
})

test('an error of null beside a result is no error', (t: TestContext) => {
  t.assert.equal(found('{"jsonrpc":"2.0","id":7,"error":null,"result":"0x1"}', 7), 'result "0x1"')
  t.assert.equal(found('{"jsonrpc":"2.0","id":7,"result":null,"error":null}', 7), 'result null')
})

test('a result of null beside an error is no result', (t: TestContext) => {
  const error = 'error {"code":-1}'
  t.assert.equal(found('{"jsonrpc":"2.0","id":7,"result":null,"error":{"code":-1}}', 7), error)
  t.assert.equal(found('{"jsonrpc":"2.0","id":7,"error":{"code":-1},"result":null}', 7), error)
})

test('both a result and an error, or neither, is no answer', (t: TestContext) => {
  for (const members of ['"result":1,"error":{"code":1}', '"error":{"code":1},"result":1']) {
    t.assert.equal(found(`{"jsonrpc":"2.0","id":7,${members}}`, 7), null, members)
  }
  t.assert.equal(found('{"jsonrpc":"2.0","id":7}', 7), null)
  t.assert.equal(found('{"jsonrpc":"2.0","id":7,"error":null}', 7), null)
})

test('an answer to another call is none to ours', (t: TestContext) => {
  for (const id of ['8', '77', '70', '"7"', '7.0', '07', '-7', '7e0', '[7]']) {
    t.assert.equal(found(`{"jsonrpc":"2.0","id":${id},"result":1}`, 7), null, id)
    t.assert.equal(found(`{"result":1,"id":${id},"jsonrpc":"2.0"}`, 7), null, id)
  }
  t.assert.equal(found('{"jsonrpc":"2.0","result":1}', 7), null)
  t.assert.equal(found('{"jsonrpc":"2.0","id":null,"result":1}', 7), null)
})

test('an error without an id says that the node could not read us: it is the answer', (t: TestContext) => {
  const error = '{"code":-32600,"message":"Invalid request"}'
  t.assert.equal(found(`{"jsonrpc":"2.0","id":null,"error":${error}}`, 7), `error ${error}`)
  t.assert.equal(found(`{"error":${error},"id":null}`, 7), `error ${error}`)
})

test('what is not JSON is no answer', (t: TestContext) => {
  for (const body of [
    '',
    ' ',
    '<html><body>502 Bad Gateway</body></html>',
    'upstream timed out',
    '7',
    'null',
    '[]',
    '{}',
    '[{"jsonrpc":"2.0","id":7,"result":1}]',
    '{"jsonrpc":"2.0","id":7,"result":}',
    '{"jsonrpc":"2.0","id":7,"result":1,}',
    '{"jsonrpc":"2.0","id":7,"result":1}}',
    '{"jsonrpc":"2.0","id":7,"result":1} {}',
    '{"jsonrpc":"2.0","id":7,"result":0x1}',
  ]) {
    t.assert.equal(found(body, 7), null, body)
  }
})

test('an answer cut short anywhere is no answer', (t: TestContext) => {
  for (const whole of [
    '{"jsonrpc":"2.0","id":7,"result":{"a":["b",{"c":1}]}}',
    '{"result":[{"a":1}],"id":7,"jsonrpc":"2.0"}',
    `{"jsonrpc":"2.0","id":7,"result":"${'x'.repeat(5_000)}"}`,
  ]) {
    for (let length = 0; length < whole.length; length++) {
      t.assert.equal(found(whole.slice(0, length), 7), null, whole.slice(0, length))
    }
    t.assert.notEqual(found(whole, 7), null)
  }
})

test('whatever a node wrote, spliced out it parses to the same', (t: TestContext) => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.nat({ max: 2 ** 31 }),
      fc.boolean(),
      fc.shuffledSubarray(['jsonrpc', 'id', 'value'], { minLength: 3 }),
      fc.constantFrom(0, 1),
      fc.nat({ max: 6_000 }),
      (value, id, isError, order, indent, padding) => {
        const member = isError ? 'error' : 'result'
        const content = [value, 'x'.repeat(padding)]
        const members = { jsonrpc: ['jsonrpc', '2.0'], id: ['id', id], value: [member, content] }
        const entries = order.map((name) => members[name as keyof typeof members])
        const body = Buffer.from(JSON.stringify(Object.fromEntries(entries), null, indent))
        const reply = parseReply(body, id)
        t.assert.equal(reply?.kind, member)
        t.assert.deepEqual(JSON.parse(textOf(reply)), JSON.parse(JSON.stringify(content)))
      },
    ),
  )
})

test('the answers to a batch come in the order of its calls, whatever the node’s', (t: TestContext) => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { minLength: 1, maxLength: 60 }),
      fc.gen(),
      (values, gen) => {
        const answers = values.map((result, id) => ({ jsonrpc: '2.0', id, result }))
        const length = { minLength: answers.length, maxLength: answers.length }
        const body = Buffer.from(JSON.stringify(gen(fc.shuffledSubarray, answers, length)))
        const replies = parseBatchReply(body, values.length)
        const read = replies?.map((reply): unknown => JSON.parse(textOf(reply)))
        t.assert.deepEqual(read, JSON.parse(JSON.stringify(values)))
      },
    ),
  )
})

test('a batch may mix results and errors', (t: TestContext) => {
  const body = Buffer.from('[{"id":1,"error":{"code":1}},{"id":0,"result":null}]\n')
  t.assert.deepEqual(
    parseBatchReply(body, 2)?.map((reply) => `${reply.kind} ${textOf(reply)}`),
    ['result null', 'error {"code":1}'],
  )
})

test('a batch in which an answer is missing, double, strange or broken is no answer', (t: TestContext) => {
  const good = '{"id":0,"result":1}'
  for (const body of [
    `[${good}]`,
    `[${good},${good}]`,
    `[${good},{"id":2,"result":1}]`,
    `[${good},{"id":1}]`,
    `[${good},{"id":1,"result":1},{"id":2,"result":1}]`,
    `[${good},{"id":"1","result":1}]`,
    `[${good},{"id":1,"result":1}`,
    `[${good},{"id":1,"result":1}]]`,
    `[${good} {"id":1,"result":1}]`,
    `[${good},null]`,
    '[]',
    '',
    'null',
    good,
    '<html>',
  ]) {
    t.assert.equal(parseBatchReply(Buffer.from(body), 2), null, body)
  }
})

test('an error that stands alone in place of a batch is the answer to each of its calls', (t: TestContext) => {
  const error = '"error":{"code":-32600,"message":"batch too large"}'
  for (const body of [
    `{"jsonrpc":"2.0","id":null,${error}}`,
    `[{"jsonrpc":"2.0","id":null,${error}}]`,
    ` [ {"jsonrpc":"2.0","id":0,${error}} ] `,
  ]) {
    const replies = parseBatchReply(Buffer.from(body), 3)
    t.assert.deepEqual(
      replies?.map((reply) => `${reply.kind} ${textOf(reply)}`),
      new Array(3).fill('error {"code":-32600,"message":"batch too large"}'),
    )
  }
  for (const body of [`{"id":0,${error}}`, `[{"id":1,${error}}]`, `[{"id":0,${error}}] x`]) {
    t.assert.equal(parseBatchReply(Buffer.from(body), 3), null, body)
  }
})

function found(body: string, id: number): string | null {
  const reply = parseReply(Buffer.from(body), id)
  return reply === null ? null : `${reply.kind} ${textOf(reply)}`
}

function textOf(reply: Reply | null): string {
  return reply === null ? '' : reply.body.toString('utf8', reply.start, reply.end)
}
