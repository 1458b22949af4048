import { type TestContext, test } from 'node:test'
import { parseCalls } from '../rpc/call.ts'
import { methods } from '../rpc/methods.ts'
import { blockNeed } from './block-need.ts'

const hash = `0x${'ab'.repeat(32)}`

/** A call, and the block it is about in a word. */
const cases = [
  ['eth_blockNumber', '[]', 'latest'],
  ['eth_chainId', '[]', 'none'],
  ['eth_getBalance', '["0xa","latest"]', 'latest'],
  ['eth_getBalance', '["0xa"]', 'latest'],
  ['eth_getBalance', '["0xa","pending"]', 'pending'],
  ['eth_getBalance', '["0xa","0x10"]', 'number 16'],
  ['eth_getBalance', '[ "0xa" , "0x10" ]', 'number 16'],
  ['eth_getBalance', `["0xa","${hash}"]`, `hash ${hash}`],
  [
    'eth_getBalance',
    `["0xa",{"blockHash":"${hash.toUpperCase().replace('X', 'x')}"}]`,
    `hash ${hash}`,
  ],
  ['eth_getBalance', '["0xa",{"blockNumber":"0x1f"}]', 'number 31'],
  ['eth_getBalance', '["0xa","earliest"]', 'number 0'],
  ['eth_getBalance', '["0xa","nonsense"]', 'latest'],
  ['eth_getBalance', '["0xa",null]', 'latest'],
  ['eth_getBalance', '["0xa","0xffffffffffffffff"]', 'latest'],
  ['eth_call', '[{"to":"0x1","data":"0x[]{}"},"safe"]', 'safe'],
  ['eth_call', '[{"to":"0x1","data":"\\"],"},"finalized",{}]', 'finalized'],
  ['eth_getStorageAt', '["0xa","0x0","0x2"]', 'number 2'],
  ['eth_getBlockByNumber', '["0x5",true]', 'number 5'],
  ['eth_getBlockByHash', `["${hash}",true]`, `hash ${hash}`],
  ['eth_getTransactionByBlockHashAndIndex', `["${hash}","0x0"]`, `hash ${hash}`],
  ['eth_getTransactionByHash', `["${hash}"]`, 'latest'],
  ['eth_getTransactionReceipt', `["${hash}"]`, 'latest'],
  ['eth_getLogs', '[{}]', 'latest'],
  ['eth_getLogs', '[]', 'latest'],
  ['eth_getLogs', '[{"fromBlock":"0x1","toBlock":"0x9"}]', 'number 9'],
  ['eth_getLogs', '[{"fromBlock":"0x1","toBlock":"latest"}]', 'latest'],
  ['eth_getLogs', '[{"toBlock":"0x9","address":"0xa"}]', 'number 9'],
  ['eth_getLogs', '[{"fromBlock":"0x9"}]', 'latest'],
  ['eth_getLogs', `[{"blockHash":"${hash}"}]`, `hash ${hash}`],
] as const

test('what a call is about is read from where its method says it', (t: TestContext) => {
  for (const [method, params, wanted] of cases) {
    t.assert.equal(needOf(method, params), wanted, `${method} ${params}`)
  }
})

function needOf(method: string, params: string): string {
  const parsed = parseCalls(
    Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`),
  )
  const rule = methods.get(method)
  if (parsed.kind !== 'single' || rule === undefined) throw new Error(`no call: ${method}`)
  const need = blockNeed(parsed.message, rule)
  if (need.kind === 'number') return `number ${need.number}`
  return need.kind === 'hash' ? `hash ${need.hash}` : need.kind
}
