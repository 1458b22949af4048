import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Writable } from 'node:stream'
import { createGzip } from 'node:zlib'
import { byteLength } from '../rpc/answer.ts'
import type { Flow } from '../upstream/flow.ts'
import { type Outgoing, unknownSystem, wantsGzip, writeHead } from './outgoing.ts'

/**
 * Sends an answer of which the body is only the opening: the rest follows as the node sends it, no
 * faster than the client takes it. When it ends too early so does the connection, because what was
 * sent must not look whole.
 * @param end stands behind the last byte of the flow; such an answer is not counted
 */
export function sendFlow(
  request: IncomingMessage,
  response: ServerResponse,
  outgoing: Outgoing,
  flow: Flow,
  end: Buffer | null = null,
): void {
  const isGzip = wantsGzip(request)
  const isCounted = !isGzip && end === null && flow.restBytes !== null
  const length = isCounted ? byteLength(outgoing.body) + (flow.restBytes ?? 0) : null
  writeHead(request, response, outgoing, length, isGzip)
  const into = isGzip ? gzipInto(response) : response
  into.on('drain', () => flow.resume())
  for (const part of outgoing.body) into.write(part)
  flow.pour({
    write: (chunk) => into.write(chunk),
    end: () => (end === null ? into.end() : into.end(end)),
    fail: () => response.destroy(),
  })
}

/** A compressor that is never ahead of the response, with the header that Go writes. */
function gzipInto(response: ServerResponse): Writable {
  const gzip = createGzip()
  gzip.once('data', (first: Buffer) => {
    first[9] = unknownSystem
  })
  gzip.pipe(response)
  response.once('close', () => gzip.destroy())
  return gzip
}
