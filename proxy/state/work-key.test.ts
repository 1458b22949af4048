import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { parseCalls } from '../rpc/call.ts'
import { refinementOf } from './work-key.ts'

const slot = `0x${'01'.repeat(32)}`
const token = `0x${'ab'.repeat(20)}`

const cases: readonly (readonly [string, unknown, string])[] = [
  ['eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x1' }], '0'],
  ['eth_getLogs', [{ fromBlock: '0x1', toBlock: '0x10' }], '4'],
  ['eth_getLogs', [{ address: [token, token], toBlock: '0xfff', fromBlock: '0x0' }], '12'],
  ['eth_getLogs', [{ fromBlock: '0x10', toBlock: '0x1' }], '0'],
  ['eth_getLogs', [{ blockHash: `0x${'00'.repeat(32)}`, fromBlock: '0x0' }], '0'],
  ['eth_getLogs', [{ fromBlock: 'latest' }], '0'],
  ['eth_getLogs', [{ fromBlock: '0x1', toBlock: 'latest' }], 'open'],
  ['eth_getLogs', [{ fromBlock: '0x1' }], 'open'],
  ['eth_getLogs', [{}], '0'],
  ['eth_getLogs', [], '0'],
  ['eth_call', [{ to: token, data: '0x70a08231000000' }, 'latest'], `${token}70a08231`],
  ['eth_call', [{ data: '0x1', input: '0x70a08231', to: token }], `${token}70a08231`],
  ['eth_call', [{ to: token }], token],
  ['eth_call', [{ to: '0x12', data: '0x70a08231' }], ''],
  ['eth_call', [{}, 'latest'], ''],
  ['eth_call', [{ data: 1 }, 'latest'], ''],
  [
    'eth_call',
    [{ to: token, data: `0x82ad56cb${'00'.repeat(2_500)}` }, 'latest'],
    `${token}82ad56cb/12`,
  ],
  ['eth_call', 'nonsense', ''],
  ['debug_traceTransaction', ['0xab', { tracer: 'callTracer', timeout: '1s' }], 'callTracer'],
  ['debug_traceTransaction', ['0xab'], 'structLog'],
  ['debug_traceTransaction', ['0xab', { tracer: '{result: function(){}}' }], 'js'],
  ['debug_traceCall', [{ to: token }, 'latest', { tracer: 'prestateTracer' }], 'prestateTracer'],
  ['eth_getBlockByNumber', ['latest', true], 'full'],
  ['eth_getBlockByNumber', ['latest', false], 'hashes'],
  ['eth_getBlockByHash', [`0x${'00'.repeat(32)}`, true], 'full'],
  ['eth_getBlockByNumber', ['true'], 'hashes'],
  ['eth_feeHistory', ['0x14', 'latest', []], '4'],
  ['eth_feeHistory', ['0x14', 'latest', [25, 75]], '4/rewards'],
  ['eth_feeHistory', [1024, 'latest'], '10'],
  ['eth_feeHistory', ['20', 'latest', null], '4'],
  ['eth_feeHistory', [null, 'latest'], ''],
  ['eth_getProof', [token, [], 'latest'], 'account'],
  ['eth_getProof', [token, [slot], 'latest'], '0'],
  ['eth_getProof', [token, Array(16).fill(slot), 'latest'], '4'],
  ['eth_getProof', [token, Array(1_000).fill(slot), '0x1'], '9'],
  ['eth_getProof', [token, 'nonsense'], ''],
  ['eth_chainId', [], ''],
]

test('calls of one method that cost unlike have keys of their own', (t: TestContext) => {
  for (const [method, params, key] of cases) {
    t.assert.equal(refinementOf(messageOf(method, params)), key, JSON.stringify([method, params]))
  }
})

test('code that is run at once is told by how it begins', (t: TestContext) => {
  const keyOf = (data: string) => refinementOf(messageOf('eth_call', [{ data, to: null }]))
  const code = `0x${'60'.repeat(64)}`
  t.assert.match(keyOf(code), /^code\/[0-9a-f]{1,8}$/)
  t.assert.equal(keyOf(`${code}01`), keyOf(`${code}02`))
  t.assert.notEqual(keyOf('0x6001'), keyOf('0x6002'))
})

test('white space makes no difference', (t: TestContext) => {
  const text =
    '{"jsonrpc":"2.0","id":1,"method":"eth_getLogs","params": [ { "fromBlock" : "0x1" , "toBlock" : "0x8" } ] }'
  t.assert.equal(refinementOf(parsed(text)), '3')
})

test('a filter beyond the first four kilobytes is not read', (t: TestContext) => {
  const address = Array.from({ length: 200 }, () => token)
  const params = [{ address, fromBlock: '0x1', toBlock: '0x8' }]
  t.assert.equal(refinementOf(messageOf('eth_getLogs', params)), '0')
})

test('whatever the params are, the key is short and nothing is thrown', (t: TestContext) => {
  const method = fc.constantFrom(
    ...['eth_getLogs', 'eth_call', 'debug_traceCall', 'debug_traceBlock'],
    ...['eth_getBlockByNumber', 'eth_feeHistory', 'eth_getProof'],
  )
  const name = fc.constantFrom('to', 'data', 'input', 'fromBlock', 'toBlock', 'tracer', 'blockHash')
  const member = fc.oneof(fc.jsonValue(), fc.constantFrom(token, '0x1', '0xffffffffffff', 'latest'))
  const params = fc.oneof(fc.jsonValue(), fc.array(fc.dictionary(name, member), { maxLength: 4 }))
  fc.assert(
    fc.property(method, params, (name, value) => {
      t.assert.ok(refinementOf(messageOf(name, value)).length <= 55)
    }),
    { numRuns: 2_000 },
  )
})

function messageOf(method: string, params: unknown) {
  return parsed(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
}

function parsed(text: string) {
  const { message } = { message: null, ...parseCalls(Buffer.from(text)) }
  if (message === null) throw new Error(`no call: ${text}`)
  return message
}
