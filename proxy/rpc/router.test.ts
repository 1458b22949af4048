import { type TestContext, test } from 'node:test'
import { type Message, parseCalls } from './call.ts'
import { Exposure } from './exposure.ts'
import { type Route, Router } from './router.ts'

const router = new Router(new Exposure({ api: ['eth', 'net', 'web3'], allow: [], deny: [] }))

test('a call to a method that is open is forwarded by its rule', (t: TestContext) => {
  const read = route('{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[]}')
  t.assert.equal(read.kind === 'forward' && read.rule.access, 'read')
  const write = route('{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x"]}')
  t.assert.equal(write.kind === 'forward' && write.rule.access, 'write')
  const unknown = route('{"jsonrpc":"2.0","id":1,"method":"eth_future"}')
  t.assert.equal(unknown.kind === 'forward' && unknown.rule.repeatable, false)
})

test('a notification is carried out like a call', (t: TestContext) => {
  t.assert.equal(route('{"jsonrpc":"2.0","method":"eth_call","params":[]}').kind, 'forward')
})

test('what is no message of JSON-RPC 2.0 is told so, with its id where it has one', (t: TestContext) => {
  const invalid = 'invalid request'
  for (const body of [
    '{}',
    'null',
    '"foo"',
    '7',
    '{"jsonrpc":"2.0","id":{},"method":"eth_call"}',
  ]) {
    told(t, body, 'null', -32600, invalid)
  }
  told(t, '{"id":5,"method":"eth_call"}', '5', -32600, invalid)
  told(t, '{"jsonrpc":"1.0","id":"a","method":"eth_call"}', '"a"', -32600, invalid)
  told(t, '{"jsonrpc":"2.0","id":5,"method":1}', '5', -32600, invalid)
  told(t, '{"jsonrpc":"2.0","id":5,"method":""}', '5', -32600, invalid)
})

test('a notification of the wrong version is told so, because Geth does', (t: TestContext) => {
  told(t, '{"jsonrpc":"1.0","method":"eth_call"}', 'null', -32600, 'invalid request')
})

test('a method that is not open does not exist', (t: TestContext) => {
  for (const method of [
    'eth_signTypedData',
    'debug_setHead',
    'engine_newPayloadV4',
    'foo',
    'x_y',
  ]) {
    const words = `the method ${method} does not exist/is not available`
    told(t, `{"jsonrpc":"2.0","id":1,"method":"${method}"}`, '1', -32601, words)
  }
})

test('a name of more than 2048 bytes is too long, and told how long', (t: TestContext) => {
  const call = (method: string) => `{"jsonrpc":"2.0","id":1,"method":"${method}"}`
  told(t, call(`eth_${'x'.repeat(2100)}`), '1', -32600, 'method name too long: 2104 \\u003e 2048')
  told(t, call(`eth_${'é'.repeat(1100)}`), '1', -32600, 'method name too long: 2204 \\u003e 2048')
  t.assert.equal(route(call(`eth_${'x'.repeat(2044)}`)).kind, 'forward')
})

test('params that are no array are told so, as Geth does, and reach no node', (t: TestContext) => {
  for (const params of ['{}', '{"to":"0x"}', '"x"', '5', 'true', 'false']) {
    const body = `{"jsonrpc":"2.0","id":1,"method":"eth_call","params":${params}}`
    told(t, body, '1', -32602, 'non-array args')
  }
  const asked = '{"jsonrpc":"2.0","method":"eth_sendRawTransaction","params":{}}'
  t.assert.deepEqual(answerOf(route(asked)), '')
  for (const params of ['', ',"params":null', ',"params": []', ',"params":[{}]']) {
    t.assert.equal(route(`{"jsonrpc":"2.0","id":1,"method":"eth_call"${params}}`).kind, 'forward')
  }
})

test('nobody can subscribe where nothing can be pushed', (t: TestContext) => {
  for (const namespace of ['eth', 'net', 'foo']) {
    const body = `{"jsonrpc":"2.0","id":1,"method":"${namespace}_subscribe","params":["newHeads"]}`
    told(t, body, '1', -32601, 'notifications not supported')
  }
})

test('the end of a subscription can be asked for in vain', (t: TestContext) => {
  const missing = 'missing value for required argument 0'
  for (const [params, code, words] of [
    ['["0x1"]', -32000, 'subscription not found'],
    ['[]', -32602, missing],
    ['null', -32602, missing],
    ['{}', -32602, 'non-array args'],
    ['["0x1",2]', -32602, 'too many arguments, want at most 1'],
  ] as const) {
    const body = `{"jsonrpc":"2.0","id":1,"method":"eth_unsubscribe","params":${params}}`
    told(t, body, '1', code, words)
  }
  told(t, '{"jsonrpc":"2.0","id":1,"method":"foo_unsubscribe"}', '1', -32602, missing)
})

test('where things can be pushed, an open namespace can be subscribed to', (t: TestContext) => {
  const subscribe = message('{"jsonrpc":"2.0","id":1,"method":"eth_subscribe","params":["logs"]}')
  t.assert.equal(router.route(subscribe, true).kind, 'subscribe')
  const unsubscribe = message('{"jsonrpc":"2.0","id":1,"method":"foo_unsubscribe","params":["1"]}')
  t.assert.equal(router.route(unsubscribe, true).kind, 'unsubscribe')
  const stranger = message('{"jsonrpc":"2.0","id":1,"method":"foo_subscribe","params":["logs"]}')
  const answer = answerOf(router.route(stranger, true))
  t.assert.ok(answer.includes('"message":"no \\"logs\\" subscription in foo namespace"'), answer)
})

test('answers and notifications of subscriptions are dropped without a word', (t: TestContext) => {
  for (const body of [
    '{"jsonrpc":"2.0","id":5,"result":1}',
    '{"jsonrpc":"2.0","id":5,"error":{"code":1,"message":""}}',
    '{"jsonrpc":"2.0","method":"eth_subscription","params":{}}',
  ]) {
    const dropped = route(body)
    t.assert.equal(answerOf(dropped), '', body)
    t.assert.equal(dropped.kind === 'answer' && dropped.code, null)
  }
})

test('a notification that goes nowhere is not answered', (t: TestContext) => {
  for (const method of ['nope_nope', 'eth_subscribe', 'eth_unsubscribe', 'rpc_modules']) {
    t.assert.equal(answerOf(route(`{"jsonrpc":"2.0","method":"${method}"}`)), '', method)
  }
})

test('the modules are those opened, in the form of Geth', (t: TestContext) => {
  t.assert.equal(
    answerOf(route('{"jsonrpc":"2.0","id":1,"method":"rpc_modules"}')),
    '{"jsonrpc":"2.0","id":1,"result":{"eth":"1.0","net":"1.0","rpc":"1.0","web3":"1.0"}}',
  )
})

test('the modules take no params', (t: TestContext) => {
  const answer = (params: string): string =>
    answerOf(route(`{"jsonrpc":"2.0","id":1,"method":"rpc_modules","params":${params}}`))
  for (const none of ['[]', '[ ]', 'null']) t.assert.ok(answer(none).includes('"result":'), none)
  t.assert.ok(answer('[1]').includes('-32602,"message":"too many arguments, want at most 0"'))
  for (const odd of ['{}', '""', '0']) t.assert.ok(answer(odd).includes('non-array args'), odd)
})

function message(body: string): Message {
  const parsed = parseCalls(Buffer.from(body))
  if (parsed.kind !== 'single') throw new Error(`${parsed.kind}: ${body}`)
  return parsed.message
}

function route(body: string): Route {
  return router.route(message(body))
}

function answerOf(found: Route): string {
  if (found.kind !== 'answer') throw new Error(`${found.kind}, not answered`)
  return Buffer.concat(found.answer).toString()
}

/** @param words as they stand in JSON */
function told(t: TestContext, body: string, id: string, code: number, words: string): void {
  t.assert.equal(
    answerOf(route(body)),
    `{"jsonrpc":"2.0","id":${id},"error":{"code":${code},"message":"${words}"}}`,
  )
}
