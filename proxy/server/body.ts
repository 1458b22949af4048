import type { IncomingMessage } from 'node:http'
import { maxBodyBytes, maxSkippedBytes } from './admission.ts'
import { JsonStream } from './json-stream.ts'

const noBytes = Buffer.alloc(0)

/**
 * Collects the body of a request, cut at the limit as Geth's reader is, and hands it on. Geth reads
 * no further than the first JSON value, and then, for as long as the connection shall live, what is
 * left of the body, up to 256 KiB; with more it answers at once and ends the connection.
 * @param done told the body once, and whether so much of it is still to come
 */
export function readBody(
  request: IncomingMessage,
  done: (body: Buffer, isCutShort: boolean) => void,
): void {
  const isChunked = request.headers['transfer-encoding'] !== undefined
  if (isChunked && request.httpVersionMinor === 0) {
    // HTTP/1.0 knows no chunks: to Go what follows is no body, and nothing else either.
    done(noBytes, true)
    return
  }
  const header = request.headers['content-length']
  const declared = header === undefined ? null : Number(header)
  const mayEndEarly = declared === null ? isChunked : declared >= maxSkippedBytes
  const end = mayEndEarly ? new EarlyEnd(declared) : null
  let first: Buffer | null = null
  let rest: Buffer[] | null = null
  let bytes = 0
  let isDone = false
  const finish = (isCutShort: boolean): void => {
    if (isDone) return
    isDone = true
    done(rest === null ? (first ?? noBytes) : Buffer.concat(rest), isCutShort)
    first = null
    rest = null
  }
  request.on('data', (chunk: Buffer) => {
    if (isDone) return
    if (bytes < maxBodyBytes) {
      const room = maxBodyBytes - bytes
      const kept = chunk.length <= room ? chunk : chunk.subarray(0, room)
      bytes += kept.length
      if (first === null) first = kept
      else if (rest === null) rest = [first, kept]
      else rest.push(kept)
    }
    if (end?.take(chunk) === true) finish(true)
  })
  request.on('end', () => finish(false))
}

/** Finds out that what is left of a body behind its first JSON value is not worth reading. */
class EarlyEnd {
  readonly #declared: number | null
  #stream: JsonStream | null = new JsonStream()
  #bytes = 0
  /** How much had come when the value ended. */
  #valueBytes = 0

  constructor(declared: number | null) {
    this.#declared = declared
  }

  /** Whether it is clear with this chunk. */
  take(chunk: Buffer): boolean {
    this.#bytes += chunk.length
    if (this.#stream !== null) {
      const isOver = this.#bytes >= maxBodyBytes
      if (this.#stream.push(chunk).length === 0 && !isOver) return false
      this.#stream = null
      this.#valueBytes = this.#bytes
    }
    const left = this.#declared ?? this.#bytes
    return left - this.#valueBytes >= maxSkippedBytes
  }
}
