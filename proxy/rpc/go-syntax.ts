/**
 * Says what is wrong with JSON in the words of Go's `encoding/json` (scanner.go), which Geth passes
 * on to WebSocket and IPC clients. Slow and only run on broken input; {@link skipValue} finds out
 * that it is broken.
 */

/** `null`: nothing is wrong but that the text ends too early. */
export function goSyntaxError(bytes: Uint8Array): string | null {
  return new Scanner(bytes).run()
}

const maxDepth = 10_000

class Scanner {
  readonly #bytes: Uint8Array
  #at = 0
  #problem: string | null = null

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  run(): string | null {
    const open: boolean[] = []
    for (;;) {
      if (!this.#beginValue(open)) return this.#problem
      for (;;) {
        if (open.length === 0) return null
        const isObject = open.at(-1) === true
        const c = this.#next()
        if (c === null) return null
        if (c === comma) {
          if (isObject && !this.#key('looking for beginning of object key string')) {
            return this.#problem
          }
          break
        }
        if (c !== (isObject ? closeObject : closeArray)) {
          return fault(c, isObject ? 'after object key:value pair' : 'after array element')
        }
        open.pop()
      }
    }
  }

  /** Reads a scalar or opens a container; true to go on behind it, with the stack as it then is. */
  #beginValue(open: boolean[]): boolean {
    for (;;) {
      const c = this.#next()
      if (c === null) return false
      if (c !== openObject && c !== openArray) return this.#scalar(c)
      if (open.length === maxDepth) return this.#fail('exceeded max depth')
      const isObject = c === openObject
      const first = this.#peek()
      if (first === null) return false
      if (first === (isObject ? closeObject : closeArray)) {
        this.#at += 1
        return true
      }
      open.push(isObject)
      if (isObject && !this.#key('looking for beginning of object key string')) return false
    }
  }

  #key(where: string): boolean {
    const c = this.#next()
    if (c === null) return false
    if (c !== quote) return this.#fail(fault(c, where))
    if (!this.#string()) return false
    const colonByte = this.#next()
    if (colonByte === null) return false
    return colonByte === colon || this.#fail(fault(colonByte, 'after object key'))
  }

  #scalar(c: number): boolean {
    if (c === quote) return this.#string()
    if (c === 0x74) return this.#word('true')
    if (c === 0x66) return this.#word('false')
    if (c === 0x6e) return this.#word('null')
    if (c === 0x2d || isDigit(c)) return this.#number(c)
    return this.#fail(fault(c, 'looking for beginning of value'))
  }

  #string(): boolean {
    for (;;) {
      const c = this.#take()
      if (c === null) return false
      if (c === quote) return true
      if (c < 0x20) return this.#fail(fault(c, 'in string literal'))
      if (c === 0x5c && !this.#escape()) return false
    }
  }

  #escape(): boolean {
    const c = this.#take()
    if (c === null) return false
    if (c !== 0x75) {
      return (
        '"\\/bfnrt'.includes(String.fromCharCode(c)) ||
        this.#fail(fault(c, 'in string escape code'))
      )
    }
    for (let i = 0; i < 4; i += 1) {
      const hex = this.#take()
      if (hex === null) return false
      if (!/[0-9a-fA-F]/.test(String.fromCharCode(hex))) {
        return this.#fail(fault(hex, 'in \\u hexadecimal character escape'))
      }
    }
    return true
  }

  #word(word: string): boolean {
    for (const letter of word.slice(1)) {
      const c = this.#take()
      if (c === null) return false
      if (c !== letter.charCodeAt(0)) {
        return this.#fail(fault(c, `in literal ${word} (expecting '${letter}')`))
      }
    }
    return true
  }

  #number(first: number): boolean {
    let c: number | null = first
    if (c === 0x2d) {
      c = this.#take()
      if (c === null) return false
      if (!isDigit(c)) return this.#fail(fault(c, 'in numeric literal'))
    }
    if (c !== 0x30) this.#digits()
    if (this.#bytes[this.#at] === 0x2e) {
      this.#at += 1
      if (!this.#needDigit('after decimal point in numeric literal')) return false
    }
    if (((this.#bytes[this.#at] ?? 0) | 0x20) === 0x65) {
      this.#at += 1
      const sign = this.#bytes[this.#at]
      if (sign === 0x2b || sign === 0x2d) this.#at += 1
      if (!this.#needDigit('in exponent of numeric literal')) return false
    }
    return true
  }

  #needDigit(where: string): boolean {
    const c = this.#take()
    if (c === null) return false
    if (!isDigit(c)) return this.#fail(fault(c, where))
    this.#digits()
    return true
  }

  #digits(): void {
    while (isDigit(this.#bytes[this.#at] ?? 0)) this.#at += 1
  }

  /** The next byte that is not white space, passed over; null at the end. */
  #next(): number | null {
    return this.#peek() === null ? null : this.#take()
  }

  #peek(): number | null {
    while (isSpace(this.#bytes[this.#at] ?? 0)) this.#at += 1
    return this.#bytes[this.#at] ?? null
  }

  #take(): number | null {
    const c = this.#bytes[this.#at] ?? null
    if (c !== null) this.#at += 1
    return c
  }

  #fail(problem: string): false {
    this.#problem = problem
    return false
  }
}

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openArray = 0x5b
const closeArray = 0x5d
const openObject = 0x7b
const closeObject = 0x7d

function isSpace(c: number): boolean {
  return c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

function fault(c: number, where: string): string {
  return `invalid character ${quoted(c)} ${where}`
}

const named = new Map([
  [0x27, "\\'"],
  [0x22, '"'],
  [0x5c, '\\\\'],
  [0x07, '\\a'],
  [0x08, '\\b'],
  [0x0c, '\\f'],
  [0x0a, '\\n'],
  [0x0d, '\\r'],
  [0x09, '\\t'],
  [0x0b, '\\v'],
])

/** A byte as Go's quoteChar writes it: read as Latin-1, escaped when it cannot be seen. */
function quoted(c: number): string {
  const hex = c.toString(16).padStart(2, '0')
  const hidden = c < 0x20 || c === 0x7f ? `\\x${hex}` : `\\u00${hex}`
  const seen = (c >= 0x20 && c < 0x7f) || (c > 0xa0 && c !== 0xad)
  return `'${named.get(c) ?? (seen ? String.fromCharCode(c) : hidden)}'`
}
