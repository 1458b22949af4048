import { Message } from '../rpc/call.ts'
import { code, skipSpace, skipValue } from '../rpc/json.ts'
import type { MethodRule } from '../rpc/methods/rule.ts'
import { eachMember } from '../rpc/reply.ts'
import type { Block } from '../upstream/block.ts'
import { blockNeed, paramAt } from './block-need.ts'

/** Methods whose block may be left out, and then is the latest, in every Geth. */
const optional = new Set(['eth_call', 'eth_createAccessList', 'eth_estimateGas', 'eth_simulateV1'])

/** Methods whose block may be `{"blockHash": …}` (EIP-1898). */
const byHash = new Set([
  ...optional,
  'debug_traceCall',
  'eth_getBalance',
  'eth_getCode',
  'eth_getProof',
  'eth_getStorageAt',
  'eth_getTransactionCount',
])

/** Methods that take the hash of a block in place of its height, under another name. */
const renamed = new Map([
  ['eth_getBlockByNumber', 'eth_getBlockByHash'],
  ['eth_getHeaderByNumber', 'eth_getHeaderByHash'],
])

/**
 * The same call with `block` in place of `latest`, so that what is asked one after another sees one
 * state. A call that is not about the latest block is given back as it is.
 */
export function atBlock(message: Message, rule: MethodRule, block: Block): Message {
  const { block: place } = rule
  if (place === null || blockNeed(message, rule).kind !== 'latest') return message
  const params = place === 'filter' ? filterAt(message, block) : paramsAt(message, place, block)
  return params === null ? message : withParams(message, params)
}

/** The params with the block at `place`; null where that cannot be. */
function paramsAt(message: Message, place: number, block: Block): string | null {
  const { body, method, paramsEnd, paramsStart } = message
  const text = textFor(method, block)
  const start = paramAt(message, place)
  if (start >= 0) {
    const end = skipValue(body, start, paramsEnd)
    const before = body.toString('latin1', paramsStart, start)
    return before + text + body.toString('latin1', end, paramsEnd)
  }
  if (!optional.has(method) || place === 0 || paramAt(message, place - 1) < 0) return null
  return `${body.toString('latin1', paramsStart, paramsEnd - 1)},${text}]`
}

/** The block as `method` takes it: by hash, which names one block beyond doubt, where it can. */
function textFor(method: string, { hash, number }: Block): string {
  if (renamed.has(method)) return `"${hash}"`
  return byHash.has(method) ? `{"blockHash":"${hash}"}` : quantity(number)
}

/** The filter with both its ends named; `latest` is what a missing end means. */
function filterAt(message: Message, block: Block): string | null {
  const { body, paramsEnd, paramsStart } = message
  const start = paramAt(message, 0)
  if (start < 0 || body[start] !== code.openObject) return null
  const end = skipValue(body, start, paramsEnd)
  let fromBlock = quantity(block.number)
  const members: string[] = []
  eachMember(body, start, end, (key, from, to) => {
    const value = body.toString('latin1', from, to)
    if (key === 'fromBlock') {
      if (value !== '"latest"' && value !== 'null') fromBlock = value
    } else if (key !== 'toBlock') members.push(`${JSON.stringify(key)}:${value}`)
  })
  members.push(`"fromBlock":${fromBlock}`, `"toBlock":${quantity(block.number)}`)
  const before = body.toString('latin1', paramsStart, start)
  const behind = body.toString('latin1', skipSpace(body, end, paramsEnd), paramsEnd)
  return `${before}{${members.join()}}${behind}`
}

/** The message with other params; its id and all else are as they were. */
function withParams(message: Message, params: string): Message {
  const { body, idEnd, idStart } = message
  const id = idStart < 0 ? '' : body.toString('latin1', idStart, idEnd)
  const copy = new Message(Buffer.from(id + params, 'latin1'))
  copy.versionOk = message.versionOk
  copy.method = renamed.get(message.method) ?? message.method
  copy.idStart = idStart < 0 ? -1 : 0
  copy.idEnd = idStart < 0 ? -1 : id.length
  copy.paramsStart = id.length
  copy.paramsEnd = id.length + params.length
  return copy
}

function quantity(number: number): string {
  return `"0x${number.toString(16)}"`
}
