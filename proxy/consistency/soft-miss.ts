import { parseNodeError } from '../rpc/node-error.ts'
import type { Reply } from '../rpc/reply.ts'

/**
 * What an answer may say of the node rather than of the chain: `absent` that it has no such thing
 * (null), `no-block` that it lacks the block, `no-state` that it lacks the block's state, history or
 * index, `early` that it will have its index in a moment. Null for all that is an answer.
 */
export type Miss = 'absent' | 'no-block' | 'no-state' | 'early'

/** Methods whose `null` (or `0x`) means that the node does not have what is asked about. */
const nullable = new Set([
  'debug_getRawTransaction',
  'erigon_getHeaderByHash',
  'erigon_getHeaderByNumber',
  'eth_getBlockByHash',
  'eth_getBlockByNumber',
  'eth_getBlockReceipts',
  'eth_getBlockTransactionCountByHash',
  'eth_getBlockTransactionCountByNumber',
  'eth_getHeaderByHash',
  'eth_getHeaderByNumber',
  'eth_getRawTransactionByBlockHashAndIndex',
  'eth_getRawTransactionByBlockNumberAndIndex',
  'eth_getRawTransactionByHash',
  'eth_getTransactionByBlockHashAndIndex',
  'eth_getTransactionByBlockNumberAndIndex',
  'eth_getTransactionByHash',
  'eth_getTransactionReceipt',
  'eth_getUncleByBlockHashAndIndex',
  'eth_getUncleByBlockNumberAndIndex',
  'eth_getUncleCountByBlockHash',
  'eth_getUncleCountByBlockNumber',
  'ots_getBlockDetails',
  'ots_getBlockDetailsByHash',
  'parity_getBlockReceipts',
  'trace_block',
  'trace_transaction',
])

/**
 * Words for a block that a node lacks. Geth: eth/api_backend.go, eth/filters, internal/ethapi; the
 * other families' as in rpc/families.ts.
 */
const noBlock = new RegExp(
  [
    '^header not found',
    '^header for hash not found',
    '^unknown block',
    '^block .*not found',
    '^block range extends beyond current head block',
    '^hash is not currently canonical',
    '^request beyond head block',
    '^BlockOutOfRangeError',
    '^Resource not found$',
    '^Block not found$',
    '^block \\d+ is not executed',
    '^\\w+ could not be found$',
    '^Received invalid block tag',
    '^block #?\\w+ not found',
    '^invalid block range params',
    '^transaction not found',
  ].join('|'),
  'i',
)

/** Words for state, history or an index that a node lacks (Geth code 4444 is pruned history). */
const noState = new RegExp(
  [
    '^missing trie node',
    'state .*(is )?not available',
    'historical state .*unavailable',
    'state histor(y|ies) .*(unavailable|not available|pruned)',
    'pruned history unavailable',
    'history (has been )?pruned',
    'state at block .* is pruned',
    'world state unavailable',
    '^transaction indexing is in progress',
    'no state (found|available)',
    'state .*(not found|is not present)',
    'required historical state',
    'block .*is pruned|pruned block',
  ].join('|'),
  'i',
)

/** Words of Geth for a block that its index of logs has not reached (core/filtermaps, since 1.16). */
const early = /^failed to retrieve (log value pointer|last block|(base )?filter map)/

/** What an answer to `method` says of the node. Costs nothing for a result that is there. */
export function missOf(method: string, reply: Reply): Miss | null {
  const { kind, body, start, end } = reply
  if (kind === 'result') {
    const isNull = end - start === 4 && body[start] === 0x6e
    // `"0x"` is what Geth makes of raw bytes that it does not have.
    const isEmpty = end - start === 4 && body[start] === 0x22 && method.includes('Raw')
    return (isNull || isEmpty) && nullable.has(method) ? 'absent' : null
  }
  const error = parseNodeError(reply)
  if (error === null) return null
  if (error.code === 4444) return 'no-state'
  if (noBlock.test(error.message)) return 'no-block'
  if (early.test(error.message)) return 'early'
  return noState.test(error.message) ? 'no-state' : null
}

/** Whether an answer at one block says that the block is gone, and not only what was looked for in it. */
export function lacksBlock(method: string, reply: Reply): boolean {
  const miss = missOf(method, reply)
  return miss === 'absent' ? !method.endsWith('AndIndex') : miss !== null && miss !== 'early'
}
