import { parseHead, type ResponseHead } from './response-head.ts'

/** Who hears of an answer as it is read. The chunks are its own to keep. */
export type ResponseSink = {
  onHead(head: ResponseHead): void
  onBody(chunk: Buffer): void
  /** All of it has come; `keeps` whether its connection can take another request. */
  onEnd(head: ResponseHead, keeps: boolean): void
}

/** Longer heads, chunk sizes and trailers than these are refused, characters. */
const maxHeadLength = 65_536
const maxLineLength = 4_096

/** A body or chunk of at most so many bytes is handed on in one piece. */
const wholeUpTo = 262_144

/**
 * Where in an answer the next byte stands. `idle`: before one that nobody has asked for; `over`:
 * nobody wants it.
 */
type Place =
  | 'idle'
  | 'head'
  | 'body'
  | 'size'
  | 'chunk'
  | 'behind-chunk'
  | 'trailer'
  | 'to-the-end'
  | 'over'

/**
 * Reads the answers on one connection to a node, one after another (RFC 9112). In place of a general
 * client's parser, because that takes a third of all CPU of a call with a large answer: it copies
 * each byte into its own memory and out again.
 */
export class ResponseReader {
  readonly #sink: ResponseSink
  #place: Place = 'idle'
  /** Characters of a head or line of which the end is still to come. */
  #text = ''
  #head: ResponseHead | null = null
  /** What has ended, until that is told. */
  #ended: ResponseHead | null = null
  /** The last head as it was written: a node's heads change once a second. */
  #lastText = ''
  #lastHead: ResponseHead | null = null
  /** Bytes still to come of the body or chunk. */
  #left = 0
  /** The body or chunk so far, where it is handed on whole. */
  #whole: Buffer | null = null
  #filled = 0

  constructor(sink: ResponseSink) {
    this.#sink = sink
  }

  get isIdle(): boolean {
    return this.#place === 'idle'
  }

  /** A request goes out; the next bytes are its answer. */
  expect(): void {
    this.#place = 'head'
  }

  /** Whatever comes is no longer read. */
  stop(): void {
    this.#place = 'over'
    this.#whole = null
    this.#text = ''
    this.#ended = null
  }

  /**
   * Reads what came. The bytes are the caller's again afterwards.
   * @throws Error in words where that is no answer, or one that nobody asked for
   */
  take(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length) {
      switch (this.#place) {
        case 'over':
          return
        case 'idle':
          // Whatever follows an answer must not be taken for the next one.
          if (this.#ended === null) throw new Error('bytes that nobody asked for')
          this.#tellEnd(false)
          return
        case 'head':
          at = this.#readHead(bytes, at)
          break
        case 'body':
        case 'chunk':
          at = this.#readPart(bytes, at)
          break
        case 'to-the-end':
          this.#sink.onBody(copyOf(bytes, at, bytes.length))
          return
        default:
          at = this.#readLine(bytes, at)
      }
    }
    this.#tellEnd(true)
  }

  /** The connection ends. False where that cuts an answer short. */
  end(): boolean {
    if (this.#place === 'to-the-end') this.#finish()
    this.#tellEnd(false)
    return this.#place === 'idle'
  }

  #readHead(bytes: Buffer, at: number): number {
    const had = this.#text.length
    // No text is made of the body behind it, which is often most of what came.
    const behind = bytes.indexOf('\r\n\r\n', at, 'latin1') + 4
    const until = Math.min(behind < 4 ? bytes.length : behind, at + maxHeadLength)
    // A part of the end may have come before.
    const text = this.#text + bytes.toString('latin1', at, until)
    const end = text.indexOf('\r\n\r\n', Math.max(0, had - 3))
    if (end < 0) {
      if (text.length >= maxHeadLength) throw new Error('an HTTP head that is too long')
      this.#text = text
      return bytes.length
    }
    this.#text = ''
    this.#begin(this.#parsed(text.slice(0, end)))
    return at + end + 4 - had
  }

  #parsed(text: string): ResponseHead {
    if (this.#lastHead === null || text !== this.#lastText) {
      this.#lastHead = parseHead(text)
      this.#lastText = text
    }
    return this.#lastHead
  }

  #begin(head: ResponseHead): void {
    if (head.status < 200) {
      if (head.status === 101) throw new Error('an upgrade that nobody asked for')
      return // What says only that an answer will follow.
    }
    this.#head = head
    this.#place = head.isChunked ? 'size' : head.bytes === null ? 'to-the-end' : 'body'
    this.#sink.onHead(head)
    if (this.#place !== 'body') return
    if (head.bytes === 0) this.#finish()
    else this.#expectPart(head.bytes ?? 0)
  }

  #expectPart(bytes: number): void {
    this.#left = bytes
    this.#whole = null
  }

  #readPart(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left)
    const count = end - at
    if (this.#whole === null && (count === this.#left || this.#left > wholeUpTo)) {
      this.#left -= count
      this.#sink.onBody(copyOf(bytes, at, end))
    } else {
      if (this.#whole === null) {
        this.#whole = Buffer.allocUnsafe(this.#left)
        this.#filled = 0
      }
      bytes.copy(this.#whole, this.#filled, at, end)
      this.#filled += count
      this.#left -= count
      if (this.#left === 0) {
        const whole = this.#whole
        this.#whole = null
        this.#sink.onBody(whole)
      }
    }
    if (this.#left === 0) {
      if (this.#place === 'body') this.#finish()
      else if (this.#place === 'chunk') this.#place = 'behind-chunk'
    }
    return end
  }

  /** A line between chunks, or behind the last. */
  #readLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(0x0a, at)
    const text = this.#text + bytes.toString('latin1', at, end < 0 ? bytes.length : end + 1)
    if (text.length > maxLineLength) throw new Error('a chunk that begins with too much')
    if (end < 0) {
      this.#text = text
      return bytes.length
    }
    this.#text = ''
    if (!text.endsWith('\r\n')) throw new Error('a line that ends without CR')
    this.#takeLine(text.slice(0, -2))
    return end + 1
  }

  #takeLine(line: string): void {
    if (this.#place === 'behind-chunk') {
      if (line !== '') throw new Error('a chunk longer than it says')
      this.#place = 'size'
    } else if (this.#place === 'trailer') {
      if (line === '') this.#finish()
    } else {
      const digits = /^([0-9a-f]{1,12})[\t ]*(?:;.*)?$/i.exec(line)?.[1]
      if (digits === undefined) throw new Error('a chunk without a size')
      const size = Number.parseInt(digits, 16)
      this.#place = size === 0 ? 'trailer' : 'chunk'
      this.#expectPart(size)
    }
  }

  #finish(): void {
    this.#ended = this.#head
    this.#head = null
    this.#place = 'idle'
  }

  #tellEnd(isLast: boolean): void {
    const head = this.#ended
    if (head === null) return
    this.#ended = null
    this.#sink.onEnd(head, isLast && head.keeps)
  }
}

/** As Buffer.from would make it, which fills with zeros first what is large. */
function copyOf(bytes: Buffer, start: number, end: number): Buffer {
  const copy = Buffer.allocUnsafe(end - start)
  bytes.copy(copy, 0, start, end)
  return copy
}
