import { code, skipSpace, skipString, skipValue } from './json.ts'

/** A part of the params, from `start` to before `end` of the body, and the Latin-1 text in its place. */
export type ParamsChange = { readonly start: number; readonly end: number; readonly text: string }

/**
 * One JSON-RPC message as it came, by position in its body: nothing of it is decoded but the
 * method's name. Read like Geth's `jsonrpcMessage`: keys in any case, the last of equal keys wins,
 * unknown keys are ignored, a member of the wrong type counts as absent.
 */
export class Message {
  readonly body: Buffer
  /** True when `jsonrpc` is the string `2.0`. */
  versionOk = false
  /** Empty when absent or not a string. */
  method = ''
  /** Where the raw id token stands; `idStart` is -1 when there is none. */
  idStart = -1
  idEnd = -1
  /** Where the raw params stand; -1 when absent. */
  paramsStart = -1
  paramsEnd = -1
  /** A `result` or an `error`, even null, is there: the message is an answer. */
  isAnswer = false
  /** What a node is sent in place of a part of the params; null where it is sent them as they are. */
  change: ParamsChange | null = null
  /** Contract and function it calls, as one text; null where it calls none, or nobody has looked. */
  callee: string | null = null

  constructor(body: Buffer) {
    this.body = body
  }

  /** The same message, of which a node is sent another method or other params. */
  changed(method: string, change: ParamsChange): Message {
    const copy = new Message(this.body)
    copy.versionOk = this.versionOk
    copy.method = method
    copy.idStart = this.idStart
    copy.idEnd = this.idEnd
    copy.paramsStart = this.paramsStart
    copy.paramsEnd = this.paramsEnd
    copy.change = change
    return copy
  }

  /** An id that can be echoed: anything but an object or an array. */
  get hasValidId(): boolean {
    if (this.idStart < 0) return false
    const first = this.body[this.idStart]
    return first !== code.openObject && first !== code.openArray
  }

  /** Has an id (`null` is one) and a method: answered. */
  get isCall(): boolean {
    return this.versionOk && this.hasValidId && this.method !== ''
  }

  /** Has a method and no id: carried out, never answered. */
  get isNotification(): boolean {
    return this.versionOk && this.idStart < 0 && this.method !== ''
  }

  /** An answer or a notification of a subscription, which a server drops without a word. */
  get isDropped(): boolean {
    if (!this.versionOk) return false
    if (this.isNotification) return this.method.endsWith('_subscription')
    return this.hasValidId && this.method === '' && this.paramsStart < 0 && this.isAnswer
  }
}

/** The body of a request: one message, or a batch of them, or nothing that can be read. */
export type Parsed =
  | { readonly kind: 'single'; readonly message: Message }
  | { readonly kind: 'batch'; readonly messages: readonly Message[] }
  | { readonly kind: 'empty' }
  | { readonly kind: 'broken' }

const empty: Parsed = { kind: 'empty' }
const broken: Parsed = { kind: 'broken' }

/** Reads the first JSON value of `body` and ignores what follows it, as Geth does. */
export function parseCalls(body: Buffer): Parsed {
  const end = body.length
  const start = skipSpace(body, 0, end)
  if (start === end) return empty
  if (body[start] !== code.openArray) {
    const message = new Message(body)
    const behind = readMessage(message, start, end, 0, null)
    return behind < 0 ? broken : { kind: 'single', message }
  }
  const messages: Message[] = []
  let at = skipSpace(body, start + 1, end)
  if (body[at] === code.closeArray && at < end) return { kind: 'batch', messages }
  const lastMethod: MethodToken = { start: 0, end: 0, name: '' }
  for (;;) {
    const message = new Message(body)
    at = readMessage(message, skipSpace(body, at, end), end, 1, lastMethod)
    if (at < 0) return broken
    messages.push(message)
    at = skipSpace(body, at, end)
    if (at >= end) return broken
    if (body[at] === code.closeArray) return { kind: 'batch', messages }
    if (body[at] !== code.comma) return broken
    at++
  }
}

/** Where a method's name stood last, quotes included. Calls of one batch mostly have the same. */
type MethodToken = { start: number; end: number; name: string }

/**
 * Fills `message` from the value at `at`; behind it, or -1 where the JSON is broken.
 * @param within 1 in a batch: its array counts towards the depth
 * @param last of the messages before it, and then of this one; null where there are none
 */
function readMessage(
  message: Message,
  at: number,
  end: number,
  within: 0 | 1,
  last: MethodToken | null,
): number {
  const { body } = message
  if (body[at] !== code.openObject || at >= end) return skipValue(body, at, end, within)
  let i = skipSpace(body, at + 1, end)
  if (i < end && body[i] === code.closeObject) return i + 1
  for (;;) {
    if (i >= end || body[i] !== code.quote) return -1
    const keyStart = i
    let name = plainName(body, i)
    i = name === '' ? skipString(body, i, end) : i + name.length + 2
    if (i < 0) return -1
    if (name === '') name = foldedName(body, keyStart, i)
    i = skipSpace(body, i, end)
    if (i >= end || body[i] !== code.colon) return -1
    const valueStart = skipSpace(body, i + 1, end)
    if (last !== null && name === 'method' && isRepeated(body, last, valueStart)) {
      message.method = last.name
      i = valueStart + last.end - last.start
    } else {
      i = skipValue(body, valueStart, end, within + 1)
      if (i < 0) return -1
      take(message, name, valueStart, i)
      if (last !== null && name === 'method' && body[valueStart] === code.quote) {
        last.start = valueStart
        last.end = i
        last.name = message.method
      }
    }
    i = skipSpace(body, i, end)
    if (i >= end) return -1
    const next = body[i]
    i++
    if (next === code.closeObject) return i
    if (next !== code.comma) return -1
    i = skipSpace(body, i, end)
  }
}

/** Whether the token at `at` is the same as the last one: a text for each call costs more. */
function isRepeated(body: Buffer, { start, end }: MethodToken, at: number): boolean {
  const length = end - start
  if (length === 0 || at + length > body.length) return false
  for (let i = 0; i < length; i++) if (body[at + i] !== body[start + i]) return false
  return true
}

function take(message: Message, name: string, start: number, end: number): void {
  const { body } = message
  switch (name) {
    case 'jsonrpc':
      if (end - start === versionToken.length && matches(body, start, versionToken)) {
        message.versionOk = true
      } else if (body[start] === code.quote)
        message.versionOk = stringAt(body, start, end) === '2.0'
      return
    case 'id':
      message.idStart = start
      message.idEnd = end
      return
    case 'method':
      if (body[start] === code.quote) message.method = stringAt(body, start, end)
      return
    case 'params':
      message.paramsStart = start
      message.paramsEnd = end
      return
    case 'result':
    case 'error':
      message.isAnswer = true
      return
  }
}

/** The decoded text of the string token from `start` to `end`, quotes included. */
export function stringAt(body: Buffer, start: number, end: number): string {
  for (let i = start + 1; i < end - 1; i++) {
    const c = body[i] ?? 0
    if (c === code.backslash || c > 0x7f) return JSON.parse(body.toString('utf8', start, end))
  }
  return body.toString('latin1', start + 1, end - 1)
}

/**
 * The name of the key at `at` where it is written as everybody writes it, else empty. Compared byte
 * by byte: making the texts took a third of the time to read a message.
 */
function plainName(body: Buffer, at: number): string {
  switch (body[at + 1]) {
    case 0x65:
      return matches(body, at, '"error"') ? 'error' : ''
    case 0x69:
      return matches(body, at, '"id"') ? 'id' : ''
    case 0x6a:
      return matches(body, at, '"jsonrpc"') ? 'jsonrpc' : ''
    case 0x6d:
      return matches(body, at, '"method"') ? 'method' : ''
    case 0x70:
      return matches(body, at, '"params"') ? 'params' : ''
    case 0x72:
      return matches(body, at, '"result"') ? 'result' : ''
  }
  return ''
}

/**
 * The lower-case name of a key, folded as Go folds it: `K` (Kelvin) and `ſ` (long s) count as the
 * letters they look like.
 */
function foldedName(body: Buffer, start: number, end: number): string {
  return stringAt(body, start, end)
    .replace(/\u212a/g, 'k')
    .replace(/\u017f/g, 's')
    .toLowerCase()
}

const versionToken = '"2.0"'

/** Whether the ASCII text `text` stands at `at`. */
function matches(body: Buffer, at: number, text: string): boolean {
  if (at + text.length > body.length) return false
  for (let i = 0; i < text.length; i++) if (body[at + i] !== text.charCodeAt(i)) return false
  return true
}
