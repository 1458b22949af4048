import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'

/** What concerns one connection alone (RFC 9110, 7.6.1), and `expect`, which is answered here. */
const ofConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
])

/** Made anew for the client: a node that speaks for itself would speak of another origin. */
const ownOfAnswer = /^(content-length|date|access-control-.*)$/

/** What a node says of its load is for us, and no client learns what stands behind. */
const ofLoad = /^endpoint-load-metrics/

/**
 * The headers of a request as they go on to a node. The page it came from was looked at here, and
 * is none of the node's.
 * @param isUpgrade keeps what asks for another protocol
 */
export function requestHeaders(request: IncomingMessage, isUpgrade: boolean): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {}
  const named = new Set(request.headers.connection?.toLowerCase().split(/[ ,]+/))
  for (const [name, value] of Object.entries(request.headers)) {
    const isKept = name === 'transfer-encoding' || (!ofConnection.has(name) && !named.has(name))
    if (isKept && name !== 'origin') headers[name] = value
  }
  if (isUpgrade) {
    headers.connection = 'Upgrade'
    headers.upgrade = request.headers.upgrade
  }
  return headers
}

/** The head of a node's agreement to a tunnel goes back as http-proxy writes it, without these. */
export function withoutLoad(headers: IncomingHttpHeaders): void {
  for (const name of Object.keys(headers)) if (ofLoad.test(name)) delete headers[name]
}

/** The header lines of a node's answer that go back, name and value in turn, in their own spelling. */
export function responseLines(rawHeaders: readonly string[]): string[] {
  const lines: string[] = []
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    const value = rawHeaders[i + 1] ?? ''
    const lower = name.toLowerCase()
    const isOurs = ownOfAnswer.test(lower) || (lower === 'vary' && value === 'Origin')
    const isLeft = isOurs || ofConnection.has(lower) || ofLoad.test(lower)
    if (!isLeft) lines.push(name, value)
  }
  return lines
}
