import type { Message } from '../rpc/call.ts'
import { stringAt } from '../rpc/call.ts'
import { code, skipString, skipValue } from '../rpc/json.ts'
import type { MethodRule } from '../rpc/methods/rule.ts'
import { paramAt } from '../rpc/param-bytes.ts'
import { eachMember } from '../rpc/reply.ts'

/** The block that a call is about. `none`: the answer is the same at every block. */
export type BlockNeed =
  | { readonly kind: 'latest' | 'pending' | 'safe' | 'finalized' | 'none' }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'hash'; readonly hash: string }

const latest: BlockNeed = { kind: 'latest' }
const pending: BlockNeed = { kind: 'pending' }
const safe: BlockNeed = { kind: 'safe' }
const finalized: BlockNeed = { kind: 'finalized' }
const none: BlockNeed = { kind: 'none' }
const earliest: BlockNeed = { kind: 'number', number: 0 }

/** Methods whose answer does not depend on the chain's head, though no param names a block. */
const anywhere = new Set(['eth_chainId', 'eth_config', 'eth_networkId', 'net_version', 'web3_sha3'])

/** `"0x`, 64 digits and `"`. */
const hashLength = 68

/**
 * Finds out what block a call is about, from the raw params and the place that the method's rule
 * names. What cannot be read is `latest`: the freshest node will say what is wrong with it.
 */
export function blockNeed(message: Message, rule: MethodRule): BlockNeed {
  const { block } = rule
  if (block === 'filter') return needOfFilter(message)
  if (block !== null) return needAt(message, block)
  const { method } = message
  if (anywhere.has(method)) return none
  return namesBlockHash(method) ? hashAt(message, 0) : latest
}

/** Whether param 0 of a method is a block's hash: `eth_getBlockByHash`, `…ByBlockHashAndIndex`, …. */
function namesBlockHash(method: string): boolean {
  if (method.includes('ByBlockHash')) return true
  return method.endsWith('ByHash') && !method.includes('Transaction')
}

function needAt(message: Message, place: number): BlockNeed {
  const start = paramAt(message, place)
  if (start < 0) return latest
  const { body, paramsEnd } = message
  if (body[start] === code.quote) {
    if (isLatest(body, start)) return latest
    return needOfText(body, start, skipString(body, start, paramsEnd))
  }
  if (body[start] !== code.openObject) return latest
  let need: BlockNeed = latest
  eachMember(body, start, skipValue(body, start, paramsEnd), (key, from, to) => {
    if (key === 'blockHash' || key === 'blockNumber') need = needOfText(body, from, to)
  })
  return need
}

/** Whether `"latest"` stands at `start`: what most calls are about is told without making a text. */
export function isLatest(body: Buffer, start: number): boolean {
  for (let i = 0; i < latestToken.length; i++) {
    if (body[start + i] !== latestToken.charCodeAt(i)) return false
  }
  return true
}

const latestToken = '"latest"'

function hashAt(message: Message, place: number): BlockNeed {
  const start = paramAt(message, place)
  const { body, paramsEnd } = message
  if (start < 0 || body[start] !== code.quote) return latest
  const end = skipString(body, start, paramsEnd)
  return end - start === hashLength ? needOfText(body, start, end) : latest
}

/** The highest block that a filter covers: of `fromBlock` and `toBlock`, or the one of its hash. */
function needOfFilter(message: Message): BlockNeed {
  const start = paramAt(message, 0)
  const { body, paramsEnd } = message
  if (start < 0 || body[start] !== code.openObject) return latest
  let to: BlockNeed = latest
  let byHash: BlockNeed | null = null
  eachMember(body, start, skipValue(body, start, paramsEnd), (key, from, end) => {
    if (key === 'toBlock') to = needOfText(body, from, end)
    else if (key === 'blockHash' && body[from] === code.quote) byHash = needOfText(body, from, end)
  })
  return byHash ?? to
}

/** A tag, a quantity or a hash, between its quotes; all else (`null` too) is `latest`. */
function needOfText(body: Buffer, start: number, end: number): BlockNeed {
  if (body[start] !== code.quote || end - start > hashLength) return latest
  const text = stringAt(body, start, end)
  if (text.length === hashLength - 2) return { kind: 'hash', hash: text.toLowerCase() }
  switch (text) {
    case 'latest':
      return latest
    case 'pending':
      return pending
    case 'safe':
      return safe
    case 'finalized':
      return finalized
    case 'earliest':
      return earliest
  }
  const number = /^0x[0-9a-f]{1,14}$/i.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? { kind: 'number', number } : latest
}
