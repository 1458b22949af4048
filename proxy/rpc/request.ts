import type { Message } from './call.ts'

const head = '{"jsonrpc":"2.0","id":'
const methodMember = ',"method":'
const paramsMember = ',"params":'
const tail = 0x7d
const letterN = 0x6e

/**
 * The canonical request a node gets for a client's message: an id of our own, the method, and the
 * params byte for byte, but for what is changed in them on purpose. Nodes differ in what else they
 * take (Anvil refuses unknown members and keys in another case), so nothing else of the message goes
 * on.
 */
export function canonicalRequest(message: Message, id: number): Buffer {
  const opening = `${head}${id}${methodMember}${JSON.stringify(message.method)}`
  const openingLength = Buffer.byteLength(opening)
  const isGiven = hasParams(message)
  const paramsLength = isGiven ? lengthOfParams(message) : 0
  const size = openingLength + (isGiven ? paramsMember.length + paramsLength : 0) + 1
  const bytes = Buffer.allocUnsafe(size)
  let at = bytes.write(opening, 0)
  if (isGiven) {
    at += bytes.write(paramsMember, at, 'latin1')
    at += copyParams(message, bytes, at)
  }
  bytes[at] = tail
  return bytes
}

/** A batch of canonical requests with ids 0, 1, 2, …. */
export function canonicalBatch(messages: readonly Message[]): Buffer {
  // One text made of all is cheaper than a Buffer each; Latin-1 keeps bytes as they are.
  let text = ''
  const shared = messages[0]?.body
  const whole = shared?.toString('latin1') ?? ''
  let last: string | null = null
  let member = ''
  for (let id = 0; id < messages.length; id++) {
    const message = messages[id]
    if (message === undefined) continue
    const { body, method, paramsStart, paramsEnd } = message
    if (method !== last) {
      if (!isAscii(method)) return batchOfBuffers(messages)
      last = method
      member = methodMember + JSON.stringify(method)
    }
    text += (id === 0 ? `[${head}` : `,${head}`) + id + member
    if (hasParams(message)) {
      // Parts of one text are not copied.
      text += paramsMember
      const all = body === shared ? whole : body.toString('latin1', 0, paramsEnd)
      const { change } = message
      if (change === null) text += all.slice(paramsStart, paramsEnd)
      else {
        const { start, end } = change
        text += all.slice(paramsStart, start) + change.text + all.slice(end, paramsEnd)
      }
    }
    text += '}'
  }
  return Buffer.from(`${text}]`, 'latin1')
}

function batchOfBuffers(messages: readonly Message[]): Buffer {
  const parts = messages.flatMap((message, id) => [
    id === 0 ? openBatch : comma,
    canonicalRequest(message, id),
  ])
  return Buffer.concat([...parts, closeBatch])
}

function lengthOfParams({ change, paramsStart, paramsEnd }: Message): number {
  const length = paramsEnd - paramsStart
  return change === null ? length : length - (change.end - change.start) + change.text.length
}

/** @returns how many bytes were written */
function copyParams({ body, change, paramsStart, paramsEnd }: Message, to: Buffer, at: number) {
  if (change === null) return body.copy(to, at, paramsStart, paramsEnd)
  let length = body.copy(to, at, paramsStart, change.start)
  length += to.write(change.text, at + length, 'latin1')
  return length + body.copy(to, at + length, change.end, paramsEnd)
}

/** `null` is the same as none to Geth, and not to every other node. */
function hasParams({ body, paramsStart }: Message): boolean {
  return paramsStart >= 0 && body[paramsStart] !== letterN
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}

const openBatch = Buffer.from('[')
const comma = Buffer.from(',')
const closeBatch = Buffer.from(']')
