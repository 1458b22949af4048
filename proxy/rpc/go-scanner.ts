import { isSpace } from './json.ts'

/** What a byte means to a {@link GoScanner}: `before` and `behind` say where the value ended. */
export type Scanned = 'more' | 'before' | 'behind' | 'error'

const state = {
  value: 0,
  valueOrEnd: 1,
  keyOrEnd: 2,
  key: 3,
  colon: 4,
  text: 5,
  escape: 6,
  hex: 7,
  minus: 8,
  zero: 9,
  digits: 10,
  point: 11,
  fraction: 12,
  exponent: 13,
  exponentSign: 14,
  exponentDigits: 15,
  word: 16,
  behindValue: 17,
  over: 18,
} as const

/** go/src/encoding/json/scanner.go, maxNestingDepth. */
const maxDepth = 10_000

/**
 * Reads JSON byte by byte as Go's `encoding/json` does and says what is wrong with it in its words,
 * which Geth passes on to WebSocket and IPC clients. Meant for streams and broken input, where
 * every byte counts; {@link skipValue} is ten times as fast on what is whole.
 */
export class GoScanner {
  /** In Go's words, once a byte was an error. */
  problem: string | null = null
  #state: number = state.value
  /** One entry for every open container: true for an object. */
  readonly #open: boolean[] = []
  /** Whether the text that is being read is a key. */
  #isKey = false
  /** Digits that an escape still needs. */
  #hexLeft = 0
  #word = ''
  #letter = 0

  /** Whether the value would be whole if nothing followed: a number, a text or a word. */
  get isWhole(): boolean {
    if (this.#open.length > 0) return false
    switch (this.#state) {
      case state.zero:
      case state.digits:
      case state.fraction:
      case state.exponentDigits:
      case state.behindValue:
        return true
      default:
        return false
    }
  }

  /** Ready for the next value. */
  reset(): void {
    this.#state = state.value
    this.#open.length = 0
  }

  /** Takes the next byte. Nothing may follow an end or an error but {@link reset}. */
  take(c: number): Scanned {
    switch (this.#state) {
      case state.text:
        return this.#takeInText(c)
      case state.value:
        return isSpace(c) ? 'more' : this.#beginValue(c)
      case state.valueOrEnd:
        if (isSpace(c)) return 'more'
        return c === closeArray ? this.#close() : this.#beginValue(c)
      case state.keyOrEnd:
        if (isSpace(c)) return 'more'
        return c === closeObject ? this.#close() : this.#beginKey(c)
      case state.key:
        return isSpace(c) ? 'more' : this.#beginKey(c)
      case state.colon:
        if (isSpace(c)) return 'more'
        return c === colon ? this.#go(state.value) : this.#fail(c, 'after object key')
      case state.behindValue:
        return this.#behindValue(c)
      case state.escape:
      case state.hex:
        return this.#takeEscaped(c)
      case state.word:
        return this.#takeInWord(c)
      default:
        return this.#takeInNumber(c)
    }
  }

  #beginValue(c: number): Scanned {
    if (c === quote) return this.#beginText(false)
    if (c === openObject || c === openArray) {
      if (this.#open.length === maxDepth) return this.#fail(c, 'exceeded max depth')
      this.#open.push(c === openObject)
      return this.#go(c === openObject ? state.keyOrEnd : state.valueOrEnd)
    }
    if (c === 0x2d) return this.#go(state.minus)
    if (c === 0x30) return this.#go(state.zero)
    if (isDigit(c)) return this.#go(state.digits)
    const word = words.get(c)
    if (word === undefined) return this.#fail(c, 'looking for beginning of value')
    this.#word = word
    this.#letter = 1
    return this.#go(state.word)
  }

  #beginKey(c: number): Scanned {
    if (c === quote) return this.#beginText(true)
    return this.#fail(c, 'looking for beginning of object key string')
  }

  #beginText(isKey: boolean): Scanned {
    this.#isKey = isKey
    return this.#go(state.text)
  }

  #takeInText(c: number): Scanned {
    if (c === quote) return this.#go(this.#isKey ? state.colon : state.behindValue)
    if (c === 0x5c) return this.#go(state.escape)
    return c < 0x20 ? this.#fail(c, 'in string literal') : 'more'
  }

  #takeEscaped(c: number): Scanned {
    if (this.#state === state.escape) {
      if (c !== 0x75) {
        return escapes.has(c) ? this.#go(state.text) : this.#fail(c, 'in string escape code')
      }
      this.#hexLeft = 4
      return this.#go(state.hex)
    }
    if (!isHex(c)) return this.#fail(c, 'in \\u hexadecimal character escape')
    this.#hexLeft -= 1
    return this.#hexLeft === 0 ? this.#go(state.text) : 'more'
  }

  #takeInWord(c: number): Scanned {
    const expected = this.#word.charAt(this.#letter)
    if (c !== expected.charCodeAt(0)) {
      return this.#fail(c, `in literal ${this.#word} (expecting '${expected}')`)
    }
    this.#letter += 1
    return this.#letter === this.#word.length ? this.#go(state.behindValue) : 'more'
  }

  #takeInNumber(c: number): Scanned {
    switch (this.#state) {
      case state.minus:
        if (c === 0x30) return this.#go(state.zero)
        return isDigit(c) ? this.#go(state.digits) : this.#fail(c, 'in numeric literal')
      case state.digits:
        if (isDigit(c)) return 'more'
        return this.#behindDigits(c)
      case state.zero:
        return this.#behindDigits(c)
      case state.point:
        if (isDigit(c)) return this.#go(state.fraction)
        return this.#fail(c, 'after decimal point in numeric literal')
      case state.fraction:
        if (isDigit(c)) return 'more'
        return (c | 0x20) === 0x65 ? this.#go(state.exponent) : this.#behindValue(c)
      case state.exponent:
        if (c === 0x2b || c === 0x2d) return this.#go(state.exponentSign)
        return this.#beginExponent(c)
      case state.exponentSign:
        return this.#beginExponent(c)
      default:
        return isDigit(c) ? 'more' : this.#behindValue(c)
    }
  }

  #behindDigits(c: number): Scanned {
    if (c === 0x2e) return this.#go(state.point)
    return (c | 0x20) === 0x65 ? this.#go(state.exponent) : this.#behindValue(c)
  }

  #beginExponent(c: number): Scanned {
    if (isDigit(c)) return this.#go(state.exponentDigits)
    return this.#fail(c, 'in exponent of numeric literal')
  }

  #behindValue(c: number): Scanned {
    const isObject = this.#open.at(-1)
    if (isObject === undefined) return 'before'
    if (isSpace(c)) return this.#go(state.behindValue)
    if (c === comma) return this.#go(isObject ? state.key : state.value)
    if (c === (isObject ? closeObject : closeArray)) return this.#close()
    return this.#fail(c, isObject ? 'after object key:value pair' : 'after array element')
  }

  #close(): Scanned {
    this.#open.pop()
    if (this.#open.length > 0) return this.#go(state.behindValue)
    this.#state = state.over
    return 'behind'
  }

  #go(next: number): Scanned {
    this.#state = next
    return 'more'
  }

  #fail(c: number, where: string): Scanned {
    this.problem = `invalid character ${quoted(c)} ${where}`
    this.#state = state.over
    return 'error'
  }
}

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openArray = 0x5b
const closeArray = 0x5d
const openObject = 0x7b
const closeObject = 0x7d

const words = new Map([
  [0x74, 'true'],
  [0x66, 'false'],
  [0x6e, 'null'],
])

/** What may follow a backslash, but `u`. */
const escapes = new Set(Buffer.from('"\\/bfnrt'))

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39
}

function isHex(c: number): boolean {
  const lower = c | 0x20
  return isDigit(c) || (lower >= 0x61 && lower <= 0x66)
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
