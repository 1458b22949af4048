import type { Message } from '../rpc/call.ts'

/** Longer params hold no transaction that a pool takes: 1 MB of bytes are 2 MB of digits. */
const maxParamsBytes = 2_500_000

/** The bytes that stand alone in the params, `["0x…"]`; null for anything else. */
export function rawParam(message: Message): Buffer | null {
  const digits = /^\[\s*"0[xX]([0-9a-fA-F]*)"\s*\]$/.exec(paramsOf(message, maxParamsBytes))?.[1]
  return digits === undefined || digits.length % 2 === 1 ? null : Buffer.from(digits, 'hex')
}

/** The hash that stands alone in the params, in lower case; null for anything else. */
export function hashParam(message: Message): string | null {
  const params = paramsOf(message, 128)
  return /^\[\s*"(0x[0-9a-fA-F]{64})"\s*\]$/.exec(params)?.[1]?.toLowerCase() ?? null
}

/** An account in lower case, and the block tag behind it; null for anything else. */
export function addressAndTag(message: Message): { address: string; tag: string } | null {
  const params = paramsOf(message, 128)
  const [, address, tag] = /^\[\s*"(0x[0-9a-fA-F]{40})"\s*,\s*"([a-z]+)"\s*\]$/.exec(params) ?? []
  return address === undefined || tag === undefined ? null : { address: address.toLowerCase(), tag }
}

/** Longer calls are not searched for their sender. */
const maxCallBytes = 16_384

/**
 * The account whose pending state is asked for, in lower case: the one that stands first, or the
 * `from` of a call. Null where there is none, or the block is not `pending`.
 */
export function pendingAccount(message: Message): string | null {
  const { method } = message
  if (!aboutAccounts.has(method) && !fromAccounts.has(method)) return null
  const params = paramsOf(message, maxCallBytes)
  if (!/"pending"\s*[,\]]/.test(params)) return null
  const place = aboutAccounts.has(method) ? firstAddress : fromAddress
  return place.exec(params)?.[1]?.toLowerCase() ?? null
}

const aboutAccounts: ReadonlySet<string> = new Set([
  'eth_getBalance',
  'eth_getTransactionCount',
  'eth_getCode',
  'eth_getStorageAt',
  'eth_getProof',
])
const fromAccounts: ReadonlySet<string> = new Set([
  'eth_call',
  'eth_estimateGas',
  'eth_createAccessList',
])
const firstAddress = /^\[\s*"(0x[0-9a-fA-F]{40})"/
const fromAddress = /"from"\s*:\s*"(0x[0-9a-fA-F]{40})"/

function paramsOf({ body, paramsStart, paramsEnd }: Message, maxBytes: number): string {
  if (paramsStart < 0 || paramsEnd - paramsStart > maxBytes) return ''
  return body.toString('latin1', paramsStart, paramsEnd)
}
