import type { Message } from '../rpc/call.ts'
import { code, skipSpace, skipString } from '../rpc/json.ts'
import { blockAt, countAt, isText, memberAt, paramAt } from '../rpc/param-bytes.ts'

/** Params are looked at for so many bytes; what stands behind is as if it were not there. */
const maxBytes = 4_096

/** Params of a call from so many bytes on tell it by their length as well. */
const longBytes = 1_024

/** `0x` and 64 bytes: what stands in front of the first jump of most code. */
const codeChars = 130

/** The native tracers of Geth, by name; any other text is a tracer in JavaScript. */
const tracers = [
  'callTracer',
  'flatCallTracer',
  'prestateTracer',
  '4byteTracer',
  'noopTracer',
  'muxTracer',
  'erc7562Tracer',
  'keccak256PreimageTracer',
]

/** Where the options that name a tracer stand among the params. */
const tracerAt: Readonly<Record<string, number>> = {
  debug_traceTransaction: 1,
  debug_traceBlockByNumber: 1,
  debug_traceBlockByHash: 1,
  debug_traceBlock: 1,
  debug_traceCall: 2,
}

/** `true` begins so. */
const letterT = 0x74

/** `"0x`, 64 digits, a quote and a comma: one slot among those to be proved. */
const slotBytes = 69

/**
 * What tells calls of one method apart that cost unlike: the blocks that a log filter spans, by
 * powers of two; the tracer; contract and function of a call; and what makes an answer large, as
 * far as the call says it: whole transactions, the blocks of a fee history, the slots of a proof.
 * Empty where nothing does, or it is not found within 4 kB. Reads bytes, makes no objects of them,
 * and never throws.
 */
export function refinementOf(message: Message): string {
  const { method } = message
  if (method === 'eth_getBlockByNumber' || method === 'eth_getBlockByHash') return wholeOf(message)
  if (method === 'eth_feeHistory') return historyOf(message)
  if (method === 'eth_getProof') return slotsOf(message)
  if (method === 'eth_getLogs' || method === 'trace_filter') return blocksOf(message)
  if (method === 'eth_call' || method === 'eth_estimateGas') return functionOf(message)
  const at = tracerAt[method]
  return at === undefined ? '' : tracerOf(message, at)
}

function blocksOf(message: Message): string {
  const { body } = message
  const end = endOf(message)
  const filter = paramAt(message, 0, end)
  if (memberAt(body, filter, end, 'blockHash') >= 0) return '0'
  const from = blockAt(body, memberAt(body, filter, end, 'fromBlock'), end)
  const to = blockAt(body, memberAt(body, filter, end, 'toBlock'), end)
  // Both absent, or both tags: the latest block.
  if (from === null && to === null) return '0'
  if (from === null || to === null) return 'open'
  return String(powerOf(to - from + 1))
}

/**
 * A block with its transactions is a hundred times its header. Both have a name: what has none is
 * taken for the median of all that the method did.
 */
function wholeOf(message: Message): string {
  const end = endOf(message)
  return message.body[paramAt(message, 1, end)] === letterT ? 'full' : 'hashes'
}

/** Blocks, by powers of two. Rewards of percentiles need every receipt of each. */
function historyOf(message: Message): string {
  const { body } = message
  const end = endOf(message)
  const blocks = countAt(body, paramAt(message, 0, end), end)
  if (blocks === null) return ''
  const percentiles = paramAt(message, 2, end)
  const isList = percentiles >= 0 && body[percentiles] === code.openArray
  const hasRewards = isList && body[skipSpace(body, percentiles + 1, end)] !== code.closeArray
  return `${powerOf(blocks)}${hasRewards ? '/rewards' : ''}`
}

/** Slots, by powers of two, or the account alone. */
function slotsOf(message: Message): string {
  const { body, paramsEnd } = message
  const slots = paramAt(message, 1, endOf(message))
  if (slots < 0 || body[slots] !== code.openArray) return ''
  const first = skipSpace(body, slots + 1, paramsEnd)
  if (body[first] !== code.quote) return 'account'
  // By the bytes that follow, so that a thousand are not looked at; the block behind them is short.
  return String(powerOf((paramsEnd - first) / slotBytes))
}

/** ⌊log₂⌋, 0 for what is less than 2. */
function powerOf(count: number): number {
  return Math.floor(Math.log2(Math.max(1, count)))
}

function tracerOf(message: Message, param: number): string {
  const { body } = message
  const end = endOf(message)
  const at = memberAt(body, paramAt(message, param, end), end, 'tracer')
  if (at < 0 || body[at] !== code.quote) return 'structLog'
  return tracers.find((name) => isText(body, at, end, name)) ?? 'js'
}

/**
 * Contract and function: `to` and the four bytes that choose. Without `to` the data are code that is
 * run at once, told by how it begins (what it is given stands at its end). Long ones of either kind
 * are lists of calls more often than not and told by their length, in powers of two. At most 55 characters.
 */
function functionOf(message: Message): string {
  const { body, paramsStart, paramsEnd } = message
  const end = endOf(message)
  const call = paramAt(message, 0, end)
  const input = memberAt(body, call, end, 'input')
  const data = input >= 0 ? input : memberAt(body, call, end, 'data')
  const length = paramsEnd - paramsStart
  const size = length < longBytes ? '' : `/${powerOf(length)}`
  const to = memberAt(body, call, end, 'to')
  if (to < 0 || body[to] !== code.quote) {
    return data < 0 || body[data] !== code.quote ? '' : `code/${hashOf(body, data, end)}${size}`
  }
  if (skipString(body, to, end) !== to + 44) return ''
  const contract = body.toString('latin1', to + 1, to + 43)
  const chosen = data < 0 || data + 11 > end ? '' : body.toString('latin1', data + 3, data + 11)
  return contract + chosen + size
}

/** FNV-1a (32 bits, Fowler, Noll and Vo) of the first {@link codeChars} of the string at `at`, as hex. */
function hashOf(body: Buffer, at: number, end: number): string {
  let hash = 0x811c9dc5
  for (let i = at + 1; i < Math.min(end, at + 1 + codeChars) && body[i] !== code.quote; i++) {
    hash = Math.imul(hash ^ (body[i] ?? 0), 0x01000193)
  }
  return (hash >>> 0).toString(16)
}

/** Where looking at the params of a call ends. */
function endOf({ paramsStart, paramsEnd }: Message): number {
  return Math.min(paramsEnd, paramsStart + maxBytes)
}
