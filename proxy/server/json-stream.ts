import { goSyntaxError } from '../rpc/go-syntax.ts'
import { code, skipSpace, skipValue } from '../rpc/json.ts'

/** More than this without an end is no message. Geth's bound for a WebSocket message, bytes. */
const maxMessageBytes = 33_554_432

/**
 * Cuts a stream of JSON values that follow one another into values, as Go's `json.Decoder` reads
 * them. Bytes that can become no value come out as they are, once, for whoever reads them to refuse.
 */
export class JsonStream {
  #rest: Buffer = Buffer.alloc(0)
  /** Where the walk over an unfinished object or array stands, so that no byte is walked twice. */
  #at = 0
  #depth = 0
  #inString = false
  #checkedAtBytes = 0
  #isBroken = false

  /** The values that `chunk` completes. */
  push(chunk: Buffer): readonly Buffer[] {
    if (this.#isBroken) return []
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const values: Buffer[] = []
    for (let value = this.#next(); value !== null; value = this.#next()) values.push(value)
    return values
  }

  #next(): Buffer | null {
    if (this.#isBroken) return null
    const rest = this.#rest
    const start = this.#at === 0 ? skipSpace(rest, 0, rest.length) : 0
    if (start === rest.length) {
      this.#rest = rest.subarray(start)
      return null
    }
    if (start > 0) this.#rest = rest.subarray(start)
    const first = this.#rest[0]
    const isNested = first === code.openObject || first === code.openArray
    const end = isNested ? this.#endOfNested() : endOfScalar(this.#rest)
    if (end !== null) return this.#cut(end)
    return this.#canBecomeValue() ? null : this.#giveUp()
  }

  #endOfNested(): number | null {
    const rest = this.#rest
    for (; this.#at < rest.length; this.#at += 1) {
      const c = rest[this.#at]
      if (this.#inString) {
        if (c === code.backslash) this.#at += 1
        else if (c === code.quote) this.#inString = false
      } else if (c === code.quote) this.#inString = true
      else if (c === code.openObject || c === code.openArray) this.#depth += 1
      else if (c === code.closeObject || c === code.closeArray) {
        this.#depth -= 1
        if (this.#depth === 0) return this.#at + 1
      }
    }
    return null
  }

  /** An error far from the end must not wait for it; looked for each time the bytes have doubled. */
  #canBecomeValue(): boolean {
    const bytes = this.#rest.length
    if (bytes > maxMessageBytes) return false
    if (bytes < 2 * this.#checkedAtBytes) return true
    this.#checkedAtBytes = bytes
    return goSyntaxError(this.#rest) === null
  }

  #cut(end: number): Buffer {
    const value = this.#rest.subarray(0, end)
    this.#rest = this.#rest.subarray(end)
    this.#at = 0
    this.#depth = 0
    this.#inString = false
    this.#checkedAtBytes = 0
    return value
  }

  #giveUp(): Buffer {
    this.#isBroken = true
    const rest = this.#rest
    this.#rest = Buffer.alloc(0)
    return rest
  }
}

/** Behind a text, number or word that cannot go on, or null. */
function endOfScalar(bytes: Buffer): number | null {
  const end = skipValue(bytes, 0, bytes.length)
  if (end < 0) return null
  const isNumber = bytes[0] !== code.quote && bytes[end - 1] !== 0x65 && bytes[end - 1] !== 0x6c
  return isNumber && end === bytes.length ? null : end
}
