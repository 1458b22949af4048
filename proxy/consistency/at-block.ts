import type { Message, ParamsChange } from '../rpc/call.ts'
import { code, skipValue } from '../rpc/json.ts'
import type { MethodRule } from '../rpc/methods/rule.ts'
import { stateMethods } from '../rpc/methods/state.ts'
import { paramAt } from '../rpc/param-bytes.ts'
import { eachMember } from '../rpc/reply.ts'
import type { Block } from '../upstream/block.ts'
import { type BlockNeed, blockNeed, isLatest } from './block-need.ts'

/** Methods whose block may be left out, and then is the latest, in every Geth. */
const optional = new Set(['eth_call', 'eth_createAccessList', 'eth_estimateGas', 'eth_simulateV1'])

/** Methods whose block may be `{"blockHash": …}` (EIP-1898). */
const byHash = new Set([...stateMethods, 'debug_traceCall'])

/** Methods that take the hash of a block in place of its height, under another name. */
const renamed = new Map([
  ['eth_getBlockByNumber', 'eth_getBlockByHash'],
  ['eth_getHeaderByNumber', 'eth_getHeaderByHash'],
])

const renamedTo = new Set(renamed.values())

/** Whether the answers of a method are computed on a state and do not say on which. */
export function isOfState(method: string): boolean {
  return byHash.has(method)
}

/**
 * The same call with `block` in place of `latest`, so that what is asked one after another sees one
 * state. A call that is not about the latest block is given back as it is, and so is one that no
 * node can read: it is theirs to say what is wrong with it.
 */
export function atBlock(message: Message, rule: MethodRule, block: Block): Message {
  const { block: place } = rule
  if (place === null) return message
  const change =
    place === 'filter' ? inFilter(message, rule, block) : inParams(message, place, block)
  if (change === null) return message
  return message.changed(renamed.get(message.method) ?? message.method, change)
}

/** The need of a call that {@link atBlock} has changed. */
export function needAt({ method }: Message, { hash, number }: Block): BlockNeed {
  return byHash.has(method) || renamedTo.has(method)
    ? { kind: 'hash', hash }
    : { kind: 'number', number }
}

/** The block at `place` of the params; null where that cannot be. */
function inParams(message: Message, place: number, block: Block): ParamsChange | null {
  const { body, method, paramsEnd } = message
  const text = textFor(method, block)
  const start = paramAt(message, place)
  if (start >= 0) {
    const end = skipValue(body, start, paramsEnd)
    return saysLatest(message, start, end) ? { start, end, text } : null
  }
  if (!optional.has(method) || place === 0 || paramAt(message, place - 1) < 0) return null
  return { start: paramsEnd - 1, end: paramsEnd - 1, text: `,${text}` }
}

/** The block as `method` takes it: by hash, which names one block beyond doubt, where it can. */
function textFor(method: string, { hash, number }: Block): string {
  if (renamed.has(method)) return `"${hash}"`
  return byHash.has(method) ? `{"blockHash":"${hash}"}` : quantity(number)
}

/** The filter with both its ends named; `latest` is what a missing end means. */
function inFilter(message: Message, rule: MethodRule, block: Block): ParamsChange | null {
  if (blockNeed(message, rule).kind !== 'latest') return null
  const { body, paramsEnd } = message
  const start = paramAt(message, 0)
  if (start < 0 || body[start] !== code.openObject) return null
  const end = skipValue(body, start, paramsEnd)
  let fromBlock = quantity(block.number)
  const members: string[] = []
  let isReadable = true
  eachMember(body, start, end, (key, from, to) => {
    const value = body.toString('latin1', from, to)
    const isLatestBlock = value === '"latest"' || value === 'null'
    if (key === 'fromBlock') {
      if (!isLatestBlock) fromBlock = value
    } else if (key === 'toBlock') isReadable &&= isLatestBlock
    else members.push(`${JSON.stringify(key)}:${value}`)
  })
  if (!isReadable) return null
  members.push(`"fromBlock":${fromBlock}`, `"toBlock":${quantity(block.number)}`)
  return { start, end, text: `{${members.join()}}` }
}

/** Whether a block is the latest by its own words, and not only because nobody can read it. */
function saysLatest({ body, method }: Message, start: number, end: number): boolean {
  if (body[start] === code.openObject) {
    let is = false
    eachMember(body, start, end, (key, from) => {
      if (key === 'blockNumber') is = isLatest(body, from)
    })
    return is
  }
  const isNull = end - start === 4 && body[start] === 0x6e
  return isLatest(body, start) || (isNull && optional.has(method))
}

/** A height as JSON. */
export function quantity(number: number): string {
  return `"0x${number.toString(16)}"`
}
