import { type TestContext, test } from 'node:test'
import { parseReply } from '../rpc/reply.ts'
import { missOf } from './soft-miss.ts'

/** A node's words, and what they say of it. Geth 1.17.5's unless another client is named. */
const cases = [
  ['eth_getTransactionReceipt', '"result":null', 'absent'],
  ['eth_getBlockByNumber', '"result":null', 'absent'],
  ['eth_getRawTransactionByHash', '"result":"0x"', 'absent'],
  ['eth_call', '"result":"0x"', null],
  ['eth_getCode', '"result":null', null],
  ['eth_getLogs', '"result":[]', null],
  ['eth_call', error(-32000, 'header not found'), 'no-block'],
  ['eth_call', error(-32000, 'header for hash not found'), 'no-block'],
  ['eth_call', error(-32000, 'hash is not currently canonical'), 'no-block'],
  ['eth_getLogs', error(-32000, 'unknown block'), 'no-block'],
  ['eth_getLogs', error(-32602, 'block range extends beyond current head block'), 'no-block'],
  ['eth_feeHistory', error(-32000, 'request beyond head block: requested 9, head 3'), 'no-block'],
  // Anvil, Besu, Erigon, Nethermind, Reth
  [
    'eth_call',
    error(-32602, 'BlockOutOfRangeError: block height is 0 but requested was 9'),
    'no-block',
  ],
  ['eth_call', error(-32000, 'Block not found'), 'no-block'],
  ['eth_call', error(-32000, 'block 9 is not executed (last executed: 3)'), 'no-block'],
  ['eth_call', error(-32001, 'block not found: 0x9'), 'no-block'],
  ['eth_getBalance', error(-32000, `missing trie node ${'ab'.repeat(32)} (path )`), 'no-state'],
  ['eth_getBalance', error(-32000, 'historical state ab is not available'), 'no-state'],
  ['eth_getBalance', error(4444, 'pruned history unavailable'), 'no-state'],
  ['eth_getTransactionByHash', error(-32000, 'transaction indexing is in progress'), 'no-state'],
  [
    'eth_getLogs',
    error(
      -32000,
      'failed to retrieve log value pointer after last block 13: failed to retrieve log value pointer of block 14: pebble: not found',
    ),
    'early',
  ],
  // Answers, whoever gives them.
  ['eth_call', error(3, 'execution reverted'), null],
  ['eth_call', error(-32000, 'execution reverted'), null],
  ['eth_call', error(-32602, 'invalid argument 0: hex string has length 2, want 40'), null],
  ['eth_sendRawTransaction', error(-32000, 'nonce too low'), null],
  ['eth_foo', error(-32601, 'the method eth_foo does not exist/is not available'), null],
] as const

test('what a node lacks is told from what is so', (t: TestContext) => {
  for (const [method, member, wanted] of cases) {
    const reply = parseReply(Buffer.from(`{"jsonrpc":"2.0","id":1,${member}}`), 1)
    if (reply === null) throw new Error(`no reply: ${member}`)
    t.assert.equal(missOf(method, reply), wanted, `${method}: ${member}`)
  }
})

function error(code: number, message: string): string {
  return `"error":{"code":${code},"message":"${message}"}`
}
