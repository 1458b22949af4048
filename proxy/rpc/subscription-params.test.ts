import { type TestContext, test } from 'node:test'
import { type Message, parseCalls } from './call.ts'
import { type Named, subscriptionId, subscriptionKind } from './subscription-params.ts'

// Each answer below is one of Geth 1.17.5, asked over its IPC socket.

test('the kind is the first argument, whatever follows', (t: TestContext) => {
  same(t, subscriptionKind, {
    '["newHeads"]': { name: 'newHeads' },
    ' [ "logs" , {} ] ': { name: 'logs' },
    '["\\u006cogs"]': { name: 'logs' },
  })
})

test('without a text first there is no kind', (t: TestContext) => {
  const expected = { refusal: 'expected subscription name as first argument' }
  same(t, subscriptionKind, { '[]': expected, '[1]': expected, '[null]': expected })
})

test('params that are no array name nothing', (t: TestContext) => {
  const refused = { refusal: 'non-array args' }
  same(t, subscriptionKind, { '': refused, null: refused, '{}': refused, '"newHeads"': refused })
  same(t, subscriptionId, { '{}': refused, '"0x1"': refused, '1': refused })
})

test('the id is the one argument', (t: TestContext) => {
  const missing = { refusal: 'missing value for required argument 0' }
  const tooMany = { refusal: 'too many arguments, want at most 1' }
  same(t, subscriptionId, {
    '["0x1"]': { name: '0x1' },
    '[ "0x1" ]': { name: '0x1' },
    '[null]': { name: '' },
    '': missing,
    null: missing,
    '[]': missing,
    '["0x1","b"]': tooMany,
    '["0x1" , null]': tooMany,
  })
})

test('an id that is no text is told so as Go tells it', (t: TestContext) => {
  for (const [raw, kind] of [
    ['1', 'number'],
    ['-1.5', 'number'],
    ['true', 'bool'],
    ['false', 'bool'],
    ['{"a":1}', 'object'],
    ['[]', 'array'],
  ] as const) {
    const text = `json: cannot unmarshal ${kind} into Go value of type rpc.ID`
    same(t, subscriptionId, { [`[${raw}]`]: { refusal: `invalid argument 0: ${text}` } })
  }
})

function same(
  t: TestContext,
  read: (message: Message) => Named,
  cases: Readonly<Record<string, Named>>,
): void {
  for (const [params, expected] of Object.entries(cases)) {
    const member = params === '' ? '' : `,"params":${params}`
    const parsed = parseCalls(Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"x_y"${member}}`))
    if (parsed.kind !== 'single') throw new TypeError(parsed.kind)
    t.assert.deepEqual(read(parsed.message), expected, params)
  }
}
