/**
 * Finds where JSON values end without making them: params and results are passed on as the bytes
 * they are. Accepts what Go's `encoding/json` accepts (RFC 8259, nested at most 10,000 deep; bytes
 * that are not UTF-8 pass inside strings), because that is what Geth reads with.
 */

const maxDepth = 10_000 // go/src/encoding/json/scanner.go, maxNestingDepth

export const code = {
  quote: 0x22,
  comma: 0x2c,
  colon: 0x3a,
  backslash: 0x5c,
  openArray: 0x5b,
  closeArray: 0x5d,
  openObject: 0x7b,
  closeObject: 0x7d,
} as const

/** First position at or after `at` that is not JSON white space; `end` where there is none. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && isSpace(bytes[i] ?? 0)) i++
  return i
}

/** Whether a byte is JSON white space. */
export function isSpace(c: number): boolean {
  return c <= 0x20 && (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09)
}

/**
 * Position behind the value that starts at `at` (white space before it is skipped), or -1 where the
 * bytes up to `end` hold no whole, valid value.
 * @param within objects and arrays that it stands in, which count towards the depth
 */
export function skipValue(bytes: Uint8Array, at: number, end: number, within = 0): number {
  const i = skipSpace(bytes, at, end)
  if (i >= end) return -1
  const first = bytes[i]
  if (first === code.quote) return skipString(bytes, i, end)
  if (first !== code.openObject && first !== code.openArray) return skipScalar(bytes, i, end)
  return skipContainer(bytes, i, end, within)
}

function skipContainer(bytes: Uint8Array, at: number, end: number, within: number): number {
  let i = at
  const open = new Open()
  for (;;) {
    i = skipSpace(bytes, i, end)
    if (i >= end) return -1
    const c = bytes[i]
    if (c === code.openObject || c === code.openArray) {
      if (open.depth + within === maxDepth) return -1
      const isObject = c === code.openObject
      i = skipSpace(bytes, i + 1, end)
      if (i < end && bytes[i] === (isObject ? code.closeObject : code.closeArray)) i++
      else {
        open.push(isObject)
        if (isObject) i = skipKey(bytes, i, end)
        if (i < 0) return -1
        continue
      }
    } else i = c === code.quote ? skipString(bytes, i, end) : skipScalar(bytes, i, end)
    if (i < 0) return -1
    for (;;) {
      if (open.depth === 0) return i
      i = skipSpace(bytes, i, end)
      if (i >= end) return -1
      const next = bytes[i]
      i++
      if (next === code.comma) {
        if (open.isObject) i = skipKey(bytes, i, end)
        if (i < 0) return -1
        break
      }
      if (next !== (open.isObject ? code.closeObject : code.closeArray)) return -1
      open.pop()
    }
  }
}

/** Containers whose kinds one number holds. */
const bitsEach = 30

/** The containers that are open: one bit each, so that nearly all values are walked without memory. */
class Open {
  depth = 0
  /** The innermost ones; the last is bit 0, which is 1 for an object. */
  #kinds = 0
  #outer: number[] | null = null

  get isObject(): boolean {
    return (this.#kinds & 1) === 1
  }

  push(isObject: boolean): void {
    if (this.depth > 0 && this.depth % bitsEach === 0) {
      this.#outer ??= []
      this.#outer.push(this.#kinds)
      this.#kinds = 0
    }
    this.#kinds = (this.#kinds << 1) | (isObject ? 1 : 0)
    this.depth += 1
  }

  pop(): void {
    this.depth -= 1
    this.#kinds >>= 1
    if (this.depth > 0 && this.depth % bitsEach === 0) this.#kinds = this.#outer?.pop() ?? 0
  }
}

/** Behind `"key" :`, or -1. */
function skipKey(bytes: Uint8Array, at: number, end: number): number {
  let i = skipSpace(bytes, at, end)
  if (i >= end || bytes[i] !== code.quote) return -1
  i = skipString(bytes, i, end)
  if (i < 0) return -1
  i = skipSpace(bytes, i, end)
  return i < end && bytes[i] === code.colon ? i + 1 : -1
}

/** Behind the string whose opening quote is at `at`, or -1. */
export function skipString(bytes: Uint8Array, at: number, end: number): number {
  let i = at + 1
  while (i < end) {
    const c = bytes[i] ?? 0
    if (c === code.quote) return i + 1
    if (c < 0x20) return -1
    if (c === code.backslash) {
      const escaped = bytes[i + 1]
      if (escaped === 0x75) {
        if (i + 6 > end) return -1
        for (let k = i + 2; k < i + 6; k++) if (!isHex(bytes[k] ?? 0)) return -1
        i += 6
      } else {
        if (i + 2 > end || !isEscape(escaped ?? 0)) return -1
        i += 2
      }
    } else i++
  }
  return -1
}

function skipScalar(bytes: Uint8Array, at: number, end: number): number {
  const c = bytes[at] ?? 0
  if (c === code.quote) return skipString(bytes, at, end)
  if (c === 0x2d || isDigit(c)) return skipNumber(bytes, at, end)
  if (c === 0x74) return skipWord(bytes, at, end, 'true')
  if (c === 0x66) return skipWord(bytes, at, end, 'false')
  if (c === 0x6e) return skipWord(bytes, at, end, 'null')
  return -1
}

function skipWord(bytes: Uint8Array, at: number, end: number, word: string): number {
  if (at + word.length > end) return -1
  for (let k = 0; k < word.length; k++) if (bytes[at + k] !== word.charCodeAt(k)) return -1
  return at + word.length
}

function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  if (bytes[i] === 0x2d) i++
  if (i >= end) return -1
  if (bytes[i] === 0x30) i++
  else {
    const digits = skipDigits(bytes, i, end)
    if (digits === i) return -1
    i = digits
  }
  if (i < end && bytes[i] === 0x2e) {
    const digits = skipDigits(bytes, i + 1, end)
    if (digits === i + 1) return -1
    i = digits
  }
  if (i < end && ((bytes[i] ?? 0) | 0x20) === 0x65) {
    i++
    if (i < end && (bytes[i] === 0x2b || bytes[i] === 0x2d)) i++
    const digits = skipDigits(bytes, i, end)
    if (digits === i) return -1
    i = digits
  }
  return i
}

function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  let i = at
  while (i < end && isDigit(bytes[i] ?? 0)) i++
  return i
}

/** Whether a byte is a decimal digit. */
export function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

function isHex(c: number): boolean {
  const lower = c | 0x20
  return isDigit(c) || (lower >= 0x61 && lower <= 0x66)
}

/** One of `"\/bfnrt`. */
function isEscape(c: number): boolean {
  return (
    c === 0x22 ||
    c === 0x5c ||
    c === 0x2f ||
    c === 0x62 ||
    c === 0x66 ||
    c === 0x6e ||
    c === 0x72 ||
    c === 0x74
  )
}

/** A text as Go's `json.Marshal` writes it: `<`, `>`, `&`, U+2028 and U+2029 are escaped. */
export function goString(text: string): string {
  return JSON.stringify(text.toWellFormed()).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
