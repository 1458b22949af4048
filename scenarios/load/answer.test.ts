import { type TestContext, test } from 'node:test'
import { judge } from './answer.ts'

const cases = [
  ['a result under the id sent is good', 200, '{"jsonrpc":"2.0","id":7,"result":"0x1"}', null],
  ['an empty list is a result', 200, '{"jsonrpc":"2.0","id":7,"result":[]}', null],
  [
    'another status is a failure whatever the body says',
    503,
    '{"jsonrpc":"2.0","id":7,"result":1}',
    'http',
  ],
  ['a page of HTML is malformed', 200, '<html>', 'malformed'],
  ['an answer cut short is malformed', 200, '{"jsonrpc":"2.0","id":7,"res', 'malformed'],
  ['a batch is malformed', 200, '[{"jsonrpc":"2.0","id":7,"result":1}]', 'malformed'],
  ['no version is malformed', 200, '{"id":7,"result":1}', 'malformed'],
  ['neither result nor error is malformed', 200, '{"jsonrpc":"2.0","id":7}', 'malformed'],
  ["another call's answer is none of ours", 200, '{"jsonrpc":"2.0","id":8,"result":1}', 'wrong-id'],
  ['an id of another type is another id', 200, '{"jsonrpc":"2.0","id":"7","result":1}', 'wrong-id'],
  [
    'an error is a failure',
    200,
    '{"jsonrpc":"2.0","id":7,"error":{"code":-32000,"message":"x"}}',
    'rpc-error',
  ],
  ['null for what exists is empty', 200, '{"jsonrpc":"2.0","id":7,"result":null}', 'empty'],
] as const

for (const [law, status, body, verdict] of cases) {
  test(law, (t: TestContext) => {
    t.assert.equal(judge({ status, body: Buffer.from(body) }, 7), verdict)
  })
}
