import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Why a request cannot be read, in the words of Go's net/http (server.go, serve and readRequest). */
export type Broken = {
  /** Behind `HTTP/1.1 `. */
  readonly status: string
  readonly text: string
}

const badRequest = broken('400 Bad Request')
const tooManyHeaders = broken('431 Request Header Fields Too Large')
const noHost = broken('400 Bad Request: missing required Host header')
const badHost = broken('400 Bad Request: malformed Host header')
const badVersion = broken('505 HTTP Version Not Supported: unsupported protocol version')
const badEncoding: Broken = {
  status: '501 Not Implemented',
  text: 'Unsupported transfer encoding',
}

/** golang.org/x/net/http/httpguts, ValidHostHeader. */
const host = /^[0-9A-Za-z!$%&()*+,.:;='[\]_~-]*$/

/** What Go refuses of a head that Node has read, or null. */
export function brokenHead(request: IncomingMessage): Broken | null {
  const { httpVersionMajor, httpVersionMinor, headers, rawHeaders, url } = request
  if (httpVersionMajor !== 1) return httpVersionMajor === 0 ? badRequest : badVersion
  const encoding = headers['transfer-encoding']
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') return badEncoding
  if (headers.host === undefined) return httpVersionMinor === 0 ? null : noHost
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]
    if (name?.length === 4 && name.toLowerCase() === 'host') hosts += 1
  }
  if (hosts > 1 || (url?.includes('%') === true && hasBadEscape(url))) return badRequest
  return host.test(headers.host) ? null : badHost
}

function hasBadEscape(url: string): boolean {
  const [path = ''] = url.split('?', 1)
  return /%(?![0-9a-f]{2})/i.test(path)
}

/** What Go would say where Node's parser gave up with an error of this code. */
export function brokenBy(code: string | undefined): Broken {
  if (code === 'HPE_HEADER_OVERFLOW') return tooManyHeaders
  return code === 'HPE_INVALID_TRANSFER_ENCODING' ? badEncoding : badRequest
}

/** Answers a request whose head is broken; the connection ends with it. */
export function sendBroken(response: ServerResponse, { status, text }: Broken): void {
  const [code, ...words] = status.split(' ')
  response.sendDate = false
  response.removeHeader('Transfer-Encoding')
  response.writeHead(Number(code), words.join(' '), [
    'Content-Type',
    textType,
    'Connection',
    'close',
  ])
  response.end(text)
}

/** The same where there is no response: on the socket itself, behind what is under way on it. */
export function endBroken(socket: Duplex, { status, text }: Broken): void {
  const under = underWay(socket)
  if (under !== null) {
    under.once('close', () => endBroken(socket, { status, text }))
    return
  }
  if (!socket.writable) return
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: ${textType}\r\nConnection: close\r\n\r\n${text}`,
    () => socket.destroy(),
  )
}

/** The response that is being sent on a socket, which Node keeps there. */
export function underWay(socket: Duplex): ServerResponse | null {
  const { _httpMessage: response } = socket as { readonly _httpMessage?: ServerResponse | null }
  return response ?? null
}

const textType = 'text/plain; charset=utf-8'

function broken(status: string): Broken {
  return { status, text: status }
}
