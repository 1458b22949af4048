import { type TestContext, test } from 'node:test'
import { parseCalls } from '../rpc/call.ts'
import { methods } from '../rpc/methods.ts'
import { canonicalRequest } from '../rpc/request.ts'
import { atBlock } from './at-block.ts'

const hash = `0x${'ab'.repeat(32)}`
const block = { number: 18, hash, parentHash: `0x${'cd'.repeat(32)}` }

/** A call, and what becomes of its method and params. */
const cases = [
  ['eth_getBalance', '["0xa","latest"]', 'eth_getBalance', `["0xa",{"blockHash":"${hash}"}]`],
  ['eth_getBalance', '["0xa","0x1"]', 'eth_getBalance', '["0xa","0x1"]'],
  ['eth_getBalance', '["0xa","pending"]', 'eth_getBalance', '["0xa","pending"]'],
  ['eth_getBalance', '["0xa"]', 'eth_getBalance', '["0xa"]'],
  ['eth_call', '[{"to":"0x1"}]', 'eth_call', `[{"to":"0x1"},{"blockHash":"${hash}"}]`],
  ['eth_call', '[{},"latest",{}]', 'eth_call', `[{},{"blockHash":"${hash}"},{}]`],
  ['eth_getBlockByNumber', '["latest",true]', 'eth_getBlockByHash', `["${hash}",true]`],
  ['eth_feeHistory', '["0x4","latest",[]]', 'eth_feeHistory', '["0x4","0x12",[]]'],
  ['eth_getLogs', '[{}]', 'eth_getLogs', '[{"fromBlock":"0x12","toBlock":"0x12"}]'],
  [
    'eth_getLogs',
    '[{"fromBlock":"0x1","address":["0xa"],"toBlock":"latest"}]',
    'eth_getLogs',
    '[{"address":["0xa"],"fromBlock":"0x1","toBlock":"0x12"}]',
  ],
  ['eth_getLogs', `[{"blockHash":"${hash}"}]`, 'eth_getLogs', `[{"blockHash":"${hash}"}]`],
  ['eth_blockNumber', '[]', 'eth_blockNumber', '[]'],
  [
    'eth_getBalance',
    '["0xa",{"blockNumber":"latest"}]',
    'eth_getBalance',
    `["0xa",{"blockHash":"${hash}"}]`,
  ],
  ['eth_call', '[{},null,{}]', 'eth_call', `[{},{"blockHash":"${hash}"},{}]`],
  // What no node can read is told by the nodes.
  ['eth_getBalance', '["0xa","newest"]', 'eth_getBalance', '["0xa","newest"]'],
  ['eth_getBalance', '["0xa",null]', 'eth_getBalance', '["0xa",null]'],
  ['eth_getBalance', '["0xa",{}]', 'eth_getBalance', '["0xa",{}]'],
  ['eth_getBlockByNumber', '["newest",true]', 'eth_getBlockByNumber', '["newest",true]'],
  ['eth_getLogs', '[{"toBlock":"newest"}]', 'eth_getLogs', '[{"toBlock":"newest"}]'],
] as const

test('latest becomes one block, by hash where a method takes one', (t: TestContext) => {
  for (const [method, params, wantedMethod, wantedParams] of cases) {
    const text = `{"jsonrpc":"2.0","id":"x","method":"${method}","params":${params}}`
    const parsed = parseCalls(Buffer.from(text))
    const rule = methods.get(method)
    if (parsed.kind !== 'single' || rule === undefined) throw new Error(`no call: ${method}`)
    const asked = canonicalRequest(atBlock(parsed.message, rule, block), 1).toString()
    t.assert.deepEqual(JSON.parse(asked), {
      jsonrpc: '2.0',
      id: 1,
      method: wantedMethod,
      params: JSON.parse(wantedParams),
    })
  }
})
