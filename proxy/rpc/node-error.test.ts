import { type TestContext, test } from 'node:test'
import { parseNodeError } from './node-error.ts'

test('code and message of an error are read, whatever else it holds', (t: TestContext) => {
  t.assert.deepEqual(read('{"code":3,"message":"execution reverted","data":"0x"}'), {
    code: 3,
    message: 'execution reverted',
  })
  t.assert.deepEqual(read('{"message":"caf\\u00e9 é","code":-32000}'), {
    code: -32000,
    message: 'café é',
  })
})

test('an error without a text has an empty one', (t: TestContext) => {
  t.assert.deepEqual(read('{"code":1}'), { code: 1, message: '' })
  t.assert.deepEqual(read('{"code":1,"message":{"a":1}}'), { code: 1, message: '' })
})

test('what has no whole number for a code is no error of JSON-RPC', (t: TestContext) => {
  for (const text of [
    '{}',
    '{"code":"1"}',
    '{"code":1.5}',
    '{"code":null}',
    '"no"',
    '[]',
    '{"co',
  ]) {
    t.assert.equal(read(text), null, text)
  }
})

test('an error is read where it stands in the answer, unless it is huge', (t: TestContext) => {
  const body = Buffer.from('{"error":{"code":7,"message":"no"}}')
  const reply = { kind: 'error', body, start: 9, end: body.length - 1 } as const
  t.assert.deepEqual(parseNodeError(reply), { code: 7, message: 'no' })
  t.assert.equal(read(`{"code":7,"message":"no","data":"${'x'.repeat(65_536)}"}`), null)
})

function read(text: string) {
  const body = Buffer.from(text)
  return parseNodeError({ kind: 'error', body, start: 0, end: body.length })
}
