import { code } from '../rpc/json.ts'
import type { Reply } from '../rpc/reply.ts'

/** Bytes of a result that are looked through for a member. */
const scannedBytes = 4_096

/** The quantity that a result is, or null where it is none below 2⁵³. */
export function quantityOf({ kind, body, start, end }: Reply): number | null {
  return kind === 'result' ? quantityAt(body, start, end) : null
}

/** The height in the member `key` (with its quotes and colon) near the beginning of a result. */
export function heightIn(reply: Reply, key: string): number | null {
  const at = behind(reply, key)
  return at < 0 ? null : quantityAt(reply.body, at, Math.min(reply.end, at + 18))
}

/** Reads that say themselves which block is the latest. */
export const plain = new Set(['eth_blockNumber', 'eth_getBlockByNumber', 'eth_getHeaderByNumber'])

/** Lookups that tell of the block that a transaction is in. */
const lookups = new Set(['eth_getTransactionByHash', 'eth_getTransactionReceipt'])

/** Whether what `method` answers about the latest block tells its height, or one not above it. */
export function showsHead(method: string): boolean {
  return plain.has(method) || lookups.has(method) || method === 'eth_getLogs'
}

/** A height that the head of its node cannot be below when it gave this answer; null where it tells none. */
export function headIn(method: string, reply: Reply): number | null {
  if (method === 'eth_blockNumber') return quantityOf(reply)
  if (plain.has(method)) return heightIn(reply, '"number":')
  if (lookups.has(method)) return heightIn(reply, '"blockNumber":')
  return method === 'eth_getLogs' ? lastHeightIn(reply, '"blockNumber":') : null
}

/** The height in the last member `key` of a list: of logs, the highest. */
function lastHeightIn({ kind, body, start, end }: Reply, key: string): number | null {
  if (kind !== 'result' || body[start] !== code.openArray) return null
  const at = body.subarray(start, end).lastIndexOf(key, undefined, 'latin1')
  if (at < 0) return null
  const value = pastSpace(body, start + at + key.length)
  return quantityAt(body, value, Math.min(end, value + 18))
}

/** The hash in the member `hash` near the beginning of a block. */
export function hashIn(reply: Reply): string | null {
  const at = behind(reply, '"hash":')
  const { body, end } = reply
  if (at < 0 || at + 68 > end || body[at] !== code.quote || body[at + 67] !== code.quote)
    return null
  return body.toString('latin1', at + 1, at + 67).toLowerCase()
}

/** Behind the first `key`, or -1. Members of what is inside a block come behind its own or differ. */
function behind({ kind, body, start, end }: Reply, key: string): number {
  if (kind !== 'result' || body[start] !== code.openObject) return -1
  const at = body.subarray(start, Math.min(end, start + scannedBytes)).indexOf(key, 0, 'latin1')
  return at < 0 ? -1 : pastSpace(body, start + at + key.length)
}

function pastSpace(body: Buffer, at: number): number {
  return body[at] === 0x20 ? at + 1 : at
}

/** Reads `"0x…"` that begins at `start`; digits are few, so no text is made. */
function quantityAt(body: Buffer, start: number, end: number): number | null {
  if (body[start] !== code.quote || body[start + 1] !== 0x30) return null
  if (((body[start + 2] ?? 0) | 0x20) !== 0x78) return null
  let number = 0
  let i = start + 3
  for (; i < end && body[i] !== code.quote; i++) {
    const digit = digitOf(body[i] ?? 0)
    if (digit < 0 || i > start + 16) return null
    number = number * 16 + digit
  }
  return i === start + 3 || i >= end || number > Number.MAX_SAFE_INTEGER ? null : number
}

function digitOf(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30
  const lower = c | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}
