import { stringAt } from './call.ts'
import { code, skipSpace, skipString, skipValue } from './json.ts'

/** Where a node's answer holds what the client asked for. Positions are into `body`. */
export type Reply = {
  readonly kind: 'result' | 'error'
  readonly body: Buffer
  readonly start: number
  readonly end: number
}

/** An answer of our own, as if a node had given it. @param result as JSON */
export function resultReply(result: string): Reply {
  const body = Buffer.from(result)
  return { kind: 'result', body, start: 0, end: body.length }
}

const opening = Buffer.from('{"jsonrpc":"2.0","id":')
const resultKey = Buffer.from(',"result":')
const errorKey = Buffer.from(',"error":')

/**
 * Up to here an answer in Geth's own form is checked to its last byte. Larger ones are checked at
 * both ends: HTTP's length says that they are whole, and 100 KB would cost 0.1 ms to walk.
 */
const checkedUpTo = 4096

/**
 * Finds the result or error in the answer to call `id`, or null where the body is no such answer:
 * not JSON, another id, neither or both members. An error with id `null` is an answer: JSON-RPC has
 * a node say so that it could not read the request, and there was but one. Were it none, a client
 * could get every node blamed by what no node reads (Anvil: a lone surrogate, deep nesting).
 */
export function parseReply(body: Buffer, id: number): Reply | null {
  return gethForm(body, id) ?? anyForm(body, 0, body.length, id)
}

/**
 * The answers to a batch of `count` calls with ids 0 to count−1, in the order of the ids, or null
 * where one is missing, double, or no answer. An error that stands alone is that of every call.
 */
export function parseBatchReply(body: Buffer, count: number): readonly Reply[] | null {
  const replies = repliesById(body, count)
  if (replies !== null) return replies
  const refusal = refusalOfBatch(body)
  return refusal === null ? null : new Array(count).fill(refusal)
}

/**
 * What a node says that takes no batch, not so large a one, or could not read it: an error alone with
 * id `null`, or in an array with the id of the first call (Geth's `batch too large`).
 */
function refusalOfBatch(body: Buffer): Reply | null {
  const end = body.length
  const at = skipSpace(body, 0, end)
  if (body[at] !== code.openArray) return anyForm(body, at, end, null)
  const behind = skipValue(body, at + 1, end)
  if (behind < 0) return null
  const close = skipSpace(body, behind, end)
  if (body[close] !== code.closeArray || skipSpace(body, close + 1, end) !== end) return null
  const reply = anyForm(body, at + 1, behind, 0)
  return reply?.kind === 'error' ? reply : null
}

function repliesById(body: Buffer, count: number): readonly Reply[] | null {
  const end = body.length
  let at = skipSpace(body, 0, end)
  if (body[at] !== code.openArray) return null
  const replies: (Reply | undefined)[] = new Array(count).fill(undefined)
  for (let seen = 0; seen < count; seen++) {
    const start = skipSpace(body, at + 1, end)
    const member = gethMemberOfBatch(body, start, end) ?? memberOfBatch(body, start, end)
    if (member === null || member.id >= count || replies[member.id] !== undefined) return null
    replies[member.id] = member.reply
    at = skipSpace(body, member.behind, end)
    if (body[at] !== (seen === count - 1 ? code.closeArray : code.comma)) return null
  }
  if (skipSpace(body, at + 1, end) !== end) return null
  return replies.every((reply) => reply !== undefined) ? replies : null
}

/** One answer among those to a batch, and the position behind it. */
type BatchMember = { readonly id: number; readonly reply: Reply; readonly behind: number }

/** The answer at `at` if it is in Geth's own form, walked once; null otherwise. */
function gethMemberOfBatch(body: Buffer, at: number, to: number): BatchMember | null {
  if (!startsWith(body, at, opening)) return null
  let id = 0
  let i = at + opening.length
  const firstDigit = i
  for (; i < firstDigit + 15; i++) {
    const c = body[i] ?? 0
    if (c < 0x30 || c > 0x39) break
    id = id * 10 + (c - 0x30)
  }
  const isResult = startsWith(body, i, resultKey)
  const isNumber = i > firstDigit && (body[firstDigit] !== 0x30 || i === firstDigit + 1)
  if (!isNumber || (!isResult && !startsWith(body, i, errorKey))) return null
  const start = i + (isResult ? resultKey.length : errorKey.length)
  if (!isResult && body[start] !== code.openObject) return null
  const end = skipValue(body, start, to)
  if (end < 0 || body[end] !== code.closeObject) return null
  const kind = isResult ? 'result' : 'error'
  return { id, reply: { kind, body, start, end }, behind: end + 1 }
}

function memberOfBatch(body: Buffer, at: number, to: number): BatchMember | null {
  const behind = skipValue(body, at, to)
  if (behind < 0) return null
  const id = idAt(body, at, behind)
  const reply = id === null ? null : anyForm(body, at, behind, id)
  return id === null || reply === null ? null : { id, reply, behind }
}

/**
 * Where the result begins in an answer of which only the opening is there, or null where it does
 * not show: the answer is an error, to another call, or not in Geth's form.
 */
export function openingOfResult(body: Buffer, id: number): Reply | null {
  const start = gethMember(body, id, resultKey)
  return start < 0 || start >= body.length
    ? null
    : { kind: 'result', body, start, end: body.length }
}

function gethForm(body: Buffer, id: number): Reply | null {
  let kind: Reply['kind'] = 'result'
  let start = gethMember(body, id, resultKey)
  if (start < 0) {
    kind = 'error'
    start = gethMember(body, id, errorKey)
    // `"error":null` is for the patient reader below.
    if (start >= 0 && body[start] !== code.openObject) return null
  }
  if (start < 0) return null
  let end = body.length
  if (body[end - 1] === 0x0a) end--
  end--
  if (body[end] !== code.closeObject || start >= end) return null
  if (end - start <= checkedUpTo && skipValue(body, start, end) !== end) return null
  return { kind, body, start, end }
}

/** Behind `{"jsonrpc":"2.0","id":<id>` and `key`, or -1 where the body does not begin so. */
function gethMember(body: Buffer, id: number, key: Buffer): number {
  let at = opening.length
  if (!startsWith(body, 0, opening)) return -1
  let found = 0
  let digits = 0
  for (; digits < 15; digits++) {
    const c = body[at + digits] ?? 0
    if (c < 0x30 || c > 0x39) break
    found = found * 10 + (c - 0x30)
  }
  at += digits
  // `07` is no number: what begins with a zero is zero alone.
  const isNumber = digits === 1 || (digits > 1 && body[at - digits] !== 0x30)
  if (!isNumber || found !== id || !startsWith(body, at, key)) return -1
  return at + key.length
}

function startsWith(body: Buffer, at: number, part: Buffer): boolean {
  if (body.length < at + part.length) return false
  for (let i = 0; i < part.length; i++) if (body[at + i] !== part[i]) return false
  return true
}

/** @param id null: nothing but an error without an id will do */
function anyForm(body: Buffer, from: number, to: number, id: number | null): Reply | null {
  let result: Reply | null = null
  let error: Reply | null = null
  let isNullResult = false
  let foundId = ''
  const whole = eachMember(body, from, to, (key, start, end) => {
    const isNull = end - start === 4 && body[start] === 0x6e
    if (key === 'id') foundId = body.toString('latin1', start, end)
    else if (key === 'result') {
      result = { kind: key, body, start, end }
      isNullResult = isNull
      // `"error":null` beside a result is what some nodes write; a null result is an answer.
    } else if (key === 'error' && !isNull) error = { kind: key, body, start, end }
  })
  if (!whole) return null
  const isOurs = foundId === String(id)
  if (error === null) return isOurs && id !== null ? result : null
  const isAlone = result === null || isNullResult
  return isAlone && (isOurs || foundId === 'null') ? error : null
}

function idAt(body: Buffer, from: number, to: number): number | null {
  let id: number | null = null
  eachMember(body, from, to, (key, start, end) => {
    if (key === 'id') id = Number(body.toString('latin1', start, end))
  })
  return id !== null && Number.isInteger(id) && id >= 0 ? id : null
}

/** Visits the members of the object between `from` and `to`; false where that is no whole object. */
export function eachMember(
  body: Buffer,
  from: number,
  to: number,
  visit: (key: string, start: number, end: number) => void,
): boolean {
  let i = skipSpace(body, from, to)
  if (body[i] !== code.openObject) return false
  for (;;) {
    i = skipSpace(body, i + 1, to)
    if (i >= to || body[i] !== code.quote) return false
    const keyStart = i
    i = skipString(body, i, to)
    if (i < 0) return false
    const key = stringAt(body, keyStart, i)
    i = skipSpace(body, i, to)
    if (i >= to || body[i] !== code.colon) return false
    const start = skipSpace(body, i + 1, to)
    i = skipValue(body, start, to)
    if (i < 0) return false
    visit(key, start, i)
    i = skipSpace(body, i, to)
    if (i >= to) return false
    if (body[i] === code.closeObject) return skipSpace(body, i + 1, to) === to
    if (body[i] !== code.comma) return false
  }
}
