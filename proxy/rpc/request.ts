import type { Message } from './call.ts'

const head = '{"jsonrpc":"2.0","id":'
const methodMember = ',"method":'
const paramsMember = ',"params":'
const tail = 0x7d
const letterN = 0x6e

/**
 * The canonical request a node gets for a client's message: an id of our own, the method, and the
 * params byte for byte. Nodes differ in what else they take (Anvil refuses unknown members and keys
 * in another case), so nothing else of the message goes on.
 */
export function canonicalRequest(message: Message, id: number): Buffer {
  const opening = `${head}${id}${methodMember}${JSON.stringify(message.method)}`
  const openingLength = Buffer.byteLength(opening)
  // `null` is the same as none to Geth, and not to every other node.
  const hasParams = message.paramsStart >= 0 && message.body[message.paramsStart] !== letterN
  const paramsLength = hasParams ? message.paramsEnd - message.paramsStart : 0
  const size = openingLength + (hasParams ? paramsMember.length + paramsLength : 0) + 1
  const bytes = Buffer.allocUnsafe(size)
  let at = bytes.write(opening, 0)
  if (hasParams) {
    at += bytes.write(paramsMember, at, 'latin1')
    at += message.body.copy(bytes, at, message.paramsStart, message.paramsEnd)
  }
  bytes[at] = tail
  return bytes
}

/** A batch of canonical requests with ids 0, 1, 2, …. */
export function canonicalBatch(messages: readonly Message[]): Buffer {
  const parts: Buffer[] = []
  messages.forEach((message, id) => {
    parts.push(id === 0 ? openBatch : comma, canonicalRequest(message, id))
  })
  parts.push(closeBatch)
  return Buffer.concat(parts)
}

const openBatch = Buffer.from('[')
const comma = Buffer.from(',')
const closeBatch = Buffer.from(']')
