import type { IncomingMessage, ServerResponse } from 'node:http'
import { promisify } from 'node:util'
import { gzip, gzipSync } from 'node:zlib'
import { type Answer, byteLength } from '../rpc/answer.ts'
import { hasToken } from './header-list.ts'

/** What goes out, before the connection's own needs are looked at. */
export type Outgoing = {
  readonly status: number
  /** Raw header lines, name and value in turn; not Content-Length, which is made here. */
  readonly headers: readonly string[]
  readonly body: Answer
  /** Never compressed: Geth writes some errors past its compressor. */
  readonly identity: boolean
  /** The connection ends with it. */
  readonly close: boolean
  /** Its length is not told where Go would have to count for it. */
  readonly isUncounted?: boolean
}

/** Copying more than this costs more than the second part of a vector. */
const asTextUpTo = 16_384

/** Up to here a body is compressed at once; above, beside the event loop. */
const gzipAtOnceUpTo = 32_768

/** Go's net/http counts a body that fits its buffer, and sends a larger one in chunks. */
const countedUpTo = 2_048

const gzipLater = promisify(gzip)

/**
 * Sends it as Go's net/http and Geth's compressor (node/rpcstack.go, newGzipHandler) would: at once,
 * or when it is compressed.
 */
export function send(
  request: IncomingMessage,
  response: ServerResponse,
  outgoing: Outgoing,
): Promise<void> | null {
  if (outgoing.identity || !wantsGzip(request)) {
    const { body } = outgoing
    // Go sets no length on the answer to HEAD unless a handler wrote something.
    const bytes = byteLength(body)
    const isNone = request.method === 'HEAD' && body.length === 0
    const isChunked =
      outgoing.isUncounted === true && bytes > countedUpTo && request.httpVersionMinor === 1
    const length = isNone || isChunked ? null : bytes
    writeHead(request, response, outgoing, length, false)
    write(response, body)
    return null
  }
  return sendCompressed(request, response, outgoing)
}

async function sendCompressed(
  request: IncomingMessage,
  response: ServerResponse,
  outgoing: Outgoing,
): Promise<void> {
  const bytes = await compressed(outgoing.body)
  if (response.destroyed) return
  const isCounted = bytes.length <= countedUpTo || request.httpVersionMinor === 0
  writeHead(request, response, outgoing, isCounted ? bytes.length : null, true)
  write(response, [bytes])
}

/** As Geth looks for it: anywhere in the header, whatever its weight; of several, in the first. */
export function wantsGzip(request: IncomingMessage): boolean {
  const header = request.headers['accept-encoding']
  if (header?.includes('gzip') !== true) return false
  if (!header.includes(',')) return true
  return request.headersDistinct['accept-encoding']?.[0]?.includes('gzip') === true
}

/** Status line and headers; `length` null: the body is sent in chunks, or there is none. */
export function writeHead(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, close }: Outgoing,
  length: number | null,
  isGzip: boolean,
): void {
  const lines: string[] = []
  if (length !== null) lines.push('Content-Length', String(length))
  if (isGzip) lines.push('Content-Encoding', 'gzip')
  for (const line of headers) lines.push(line)
  const asked = request.headers.connection
  if (close || hasToken(asked, 'close')) lines.push('Connection', 'close')
  else if (request.httpVersionMinor === 0 && hasToken(asked, 'keep-alive')) {
    lines.push('Connection', 'keep-alive')
  } else response.removeHeader('connection') // Node would add two of its own, Geth sends neither.
  if (status === 413) response.writeHead(status, 'Request Entity Too Large', lines)
  else response.writeHead(status, lines)
  if (request.httpVersionMinor === 0) speakHttp10(response)
}

/** Node answers HTTP/1.0 with a status line of 1.1, and has no way to say otherwise. */
function speakHttp10(response: ServerResponse): void {
  const withHead = response as unknown as { _header: unknown }
  if (typeof withHead._header !== 'string')
    throw new TypeError('node:http keeps its head elsewhere')
  withHead._header = withHead._header.replace(/^HTTP\/1\.1 /, 'HTTP/1.0 ')
}

function write(response: ServerResponse, body: Answer): void {
  const [only] = body
  if (only === undefined) {
    response.end()
    return
  }
  if (body.length === 1 && only.length <= asTextUpTo) {
    // A text goes out in one write with the head, a Buffer in a vector of two: 3 µs a call less.
    response.end(only.toString('latin1'), 'latin1')
    return
  }
  response.cork()
  for (const part of body) response.write(part)
  response.uncork()
  response.end()
}

/** The body as gzip, with the header that Go writes: no name, no time, system unknown. */
async function compressed(body: Answer): Promise<Buffer> {
  if (body.length === 0) return emptyGzip
  const [only] = body
  const bytes = body.length === 1 && only !== undefined ? only : Buffer.concat(body)
  const made = bytes.length <= gzipAtOnceUpTo ? gzipSync(bytes) : await gzipLater(bytes)
  made[9] = unknownSystem
  return made
}

/** What Go's compressor says of the system, byte 9 of the header. */
export const unknownSystem = 0xff

/** Nothing at all, as Go's compressor closes an empty stream: 23 bytes. */
const emptyGzip = Buffer.from('1f8b08000000000000ff010000ffff0000000000000000', 'hex')
