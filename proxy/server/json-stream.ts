import { GoScanner } from '../rpc/go-scanner.ts'
import { isSpace } from '../rpc/json.ts'

/** More than this without an end is no message. Geth's bound for a WebSocket message, bytes. */
const maxMessageBytes = 33_554_432

const noBytes = Buffer.alloc(0)

/**
 * Cuts a stream of JSON values that follow one another into values, as Go's `json.Decoder` reads
 * them: an object or array ends with its last byte, anything else when something else follows.
 * Bytes that can become no value come out as they are, once, for whoever reads them to refuse.
 */
export class JsonStream {
  readonly #scanner = new GoScanner()
  /** The value that has begun: the first `#heldBytes` of a buffer that doubles as it fills. */
  #held = noBytes
  #heldBytes = 0
  #isBroken = false

  /** The values that `chunk` completes. */
  push(chunk: Buffer): readonly Buffer[] {
    const values: Buffer[] = []
    let start = 0
    for (let at = 0; at < chunk.length && !this.#isBroken; at += 1) {
      const c = chunk[at] ?? 0
      if (at === start && this.#heldBytes === 0 && isSpace(c)) {
        start = at + 1
        continue
      }
      const scanned = this.#scanner.take(c)
      if (scanned === 'more') continue
      const end = scanned === 'before' ? at : at + 1
      values.push(this.#whole(chunk.subarray(start, end)))
      start = end
      // What ended the value may begin the next one.
      if (scanned === 'before') at -= 1
      this.#isBroken = scanned === 'error'
      this.#scanner.reset()
    }
    if (!this.#isBroken && start < chunk.length) this.#hold(chunk.subarray(start), values)
    return values
  }

  /** The value that the end of the stream completes, or null. */
  end(): Buffer | null {
    if (this.#isBroken || !this.#scanner.isWhole) return null
    this.#scanner.reset()
    return this.#whole(noBytes)
  }

  #hold(part: Buffer, values: Buffer[]): void {
    const bytes = this.#heldBytes + part.length
    if (bytes > this.#held.length) {
      const larger = Buffer.allocUnsafe(2 * bytes)
      this.#held.copy(larger, 0, 0, this.#heldBytes)
      this.#held = larger
    }
    part.copy(this.#held, this.#heldBytes)
    this.#heldBytes = bytes
    if (this.#heldBytes <= maxMessageBytes) return
    this.#isBroken = true
    values.push(this.#whole(noBytes))
  }

  /** All of a value of which `last` is the end. */
  #whole(last: Buffer): Buffer {
    if (this.#heldBytes === 0) return last
    const whole = Buffer.concat([this.#held.subarray(0, this.#heldBytes), last])
    this.#held = noBytes
    this.#heldBytes = 0
    return whole
  }
}
