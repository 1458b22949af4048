import type { Message } from './call.ts'
import { code, isDigit, skipSpace, skipString, skipValue } from './json.ts'

/*
 * Finds what stands in the params of a call, as positions in its bytes: no object is made, nothing
 * is thrown, and -1 or null is what is not there.
 */

/** Geth gives no fee history of more than 1,024 blocks. */
const countDigits = 4

/**
 * Where param `place` begins, or -1 where there are fewer.
 * @param end what stands behind is as if it were not there
 */
export function paramAt(
  { body, paramsStart, paramsEnd }: Message,
  place: number,
  end = paramsEnd,
): number {
  if (paramsStart < 0 || body[paramsStart] !== code.openArray) return -1
  let at = skipSpace(body, paramsStart + 1, end)
  for (let i = 0; i < place; i++) {
    at = skipValue(body, at, end)
    if (at < 0) return -1
    at = skipSpace(body, at, end)
    if (at >= end || body[at] !== code.comma) return -1
    at = skipSpace(body, at + 1, end)
  }
  return at < end && body[at] !== code.closeArray ? at : -1
}

/** Where the value of member `name` of the object at `at` begins, or -1. */
export function memberAt(body: Buffer, at: number, end: number, name: string): number {
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
export function isText(body: Buffer, at: number, end: number, text: string): boolean {
  if (at + text.length + 2 > end || body[at + text.length + 1] !== code.quote) return false
  for (let i = 0; i < text.length; i++) if (body[at + 1 + i] !== text.charCodeAt(i)) return false
  return true
}

/** The count at `at`, as Geth reads one: a number, or a string of one or of hex; null for the rest. */
export function countAt(body: Buffer, at: number, end: number): number | null {
  if (at < 0) return null
  const hex = blockAt(body, at, end)
  if (hex !== null) return hex
  const from = body[at] === code.quote ? at + 1 : at
  let to = from
  while (to < end && to < from + countDigits && isDigit(body[to] ?? 0)) to += 1
  return to === from ? null : Number(body.toString('latin1', from, to))
}

/** The number in the hex string at `at`; null for tags and whatever else is no number. */
export function blockAt(body: Buffer, at: number, end: number): number | null {
  if (at < 0 || body[at] !== code.quote) return null
  const close = skipString(body, at, end) - 1
  const digits = close - at - 3
  if (digits < 1 || digits > 13 || body[at + 1] !== 0x30) return null
  const block = Number(body.toString('latin1', at + 1, close))
  return Number.isSafeInteger(block) ? block : null
}
