import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request that is answered with a status and `{"error": message}`. */
export class AdminError extends Error {
  override readonly name = 'AdminError'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

/** Set on every answer: loads nothing from elsewhere, is in nobody's frame or cache. */
const securityHeaders: ReadonlyMap<string, string> = new Map([
  ['cache-control', 'no-store'],
  [
    'content-security-policy',
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
])

export function secure(response: ServerResponse): void {
  for (const [name, value] of securityHeaders) response.setHeader(name, value)
}

/** Answers with bytes; Node leaves them out when the request was a HEAD. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string | Buffer,
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`)
}

/** No order to this port is longer. */
const maxOrderBytes = 4096

/**
 * The JSON value of a request's body.
 * @throws AdminError 413 when it is above `maxBytes`, 400 when it is not JSON.
 */
export async function readJson(
  request: IncomingMessage,
  maxBytes = maxOrderBytes,
): Promise<unknown> {
  const body = await readBody(request, maxBytes)
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (cause) {
    throw new AdminError(400, `the body is not JSON: ${String(cause)}`)
  }
}

function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let sizeBytes = 0
    request.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.length
      if (sizeBytes <= maxBytes) chunks.push(chunk)
      // What follows is read and dropped: a socket closed with bytes unread takes the answer along.
      else reject(new AdminError(413, `a body has at most ${maxBytes} bytes`))
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', reject)
  })
}
