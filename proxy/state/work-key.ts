import type { Message } from '../rpc/call.ts'
import { code, skipSpace, skipString, skipValue } from '../rpc/json.ts'

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

/**
 * What tells calls of one method apart that cost unlike: the blocks that a log filter spans, by
 * powers of two; the tracer; contract and function of a call. Empty where nothing does, or it is
 * not found within 4 kB. Reads bytes, makes no objects of them, and never throws.
 */
export function refinementOf(message: Message): string {
  const { method } = message
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
  return String(Math.floor(Math.log2(Math.max(1, to - from + 1))))
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
  const size = length < longBytes ? '' : `/${Math.floor(Math.log2(length))}`
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

function endOf({ paramsStart, paramsEnd }: Message): number {
  return Math.min(paramsEnd, paramsStart + maxBytes)
}

/** Where the `index`-th param begins, or -1. */
function paramAt({ body, paramsStart }: Message, index: number, end: number): number {
  if (paramsStart < 0 || body[paramsStart] !== code.openArray) return -1
  let at = skipSpace(body, paramsStart + 1, end)
  for (let i = 0; i < index; i++) {
    at = skipValue(body, at, end)
    if (at < 0) return -1
    at = skipSpace(body, at, end)
    if (body[at] !== code.comma || at >= end) return -1
    at = skipSpace(body, at + 1, end)
  }
  return at < end ? at : -1
}

/** Where the value of member `name` of the object at `at` begins, or -1. */
function memberAt(body: Buffer, at: number, end: number, name: string): number {
  if (at < 0 || body[at] !== code.openObject) return -1
  let i = skipSpace(body, at + 1, end)
  while (i < end && body[i] === code.quote) {
    const isIt = isText(body, i, end, name)
    i = skipString(body, i, end)
    if (i < 0) return -1
    i = skipSpace(body, i, end)
    if (i >= end || body[i] !== code.colon) return -1
    i = skipSpace(body, i + 1, end)
    if (isIt) return i < end ? i : -1
    i = skipValue(body, i, end)
    if (i < 0) return -1
    i = skipSpace(body, i, end)
    if (body[i] !== code.comma) return -1
    i = skipSpace(body, i + 1, end)
  }
  return -1
}

/** Whether the string token at `at` is `text`, written without escapes. */
function isText(body: Buffer, at: number, end: number, text: string): boolean {
  if (at + text.length + 2 > end || body[at + text.length + 1] !== code.quote) return false
  for (let i = 0; i < text.length; i++) if (body[at + 1 + i] !== text.charCodeAt(i)) return false
  return true
}

/** The number in the hex string at `at`; null for tags and whatever else is no number. */
function blockAt(body: Buffer, at: number, end: number): number | null {
  if (at < 0 || body[at] !== code.quote) return null
  const close = skipString(body, at, end) - 1
  const digits = close - at - 3
  if (digits < 1 || digits > 13 || body[at + 1] !== 0x30) return null
  const block = Number(body.toString('latin1', at + 1, close))
  return Number.isSafeInteger(block) ? block : null
}
