import { request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import {
  constants,
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex, duplexPair } from 'node:stream'

/** What a client that speaks HTTP/2 without being asked says first (RFC 9113, 3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Go's (golang.org/x/net/http2, defaultMaxStreams). */
const maxStreams = 250

/** Node's error for it: the parser has come to the end of a preface. */
type PrefaceError = Error & {
  readonly code?: string
  readonly rawPacket?: Buffer
  readonly bytesParsed?: number
}

/**
 * HTTP/2 without TLS on the port of HTTP/1.1, for clients that begin with it, as Geth since 1.17.
 * Node's parser for HTTP/1.1 recognises the preface and gives up, so that nobody else pays for it.
 * Each stream then is a connection with one request of HTTP/1.1, inside of this process: what is
 * said is the same by construction.
 */
export class Http2Side {
  readonly #http: Server
  readonly #server: Http2Server
  readonly #sessions = new Set<ServerHttp2Session>()

  /** @param idleMs after which a connection without a stream ends */
  constructor(http: Server, idleMs: number) {
    this.#http = http
    this.#server = createServer({ settings: { maxConcurrentStreams: maxStreams } })
    this.#server.on('session', (session) => {
      this.#sessions.add(session)
      session.once('close', () => this.#sessions.delete(session))
      session.setTimeout(idleMs, () => session.close())
      // What breaks the protocol ends the session, with the code that says so; nothing to add.
      session.on('error', () => session.destroy())
    })
    this.#server.on('stream', (stream, headers) => this.#serve(stream, headers))
  }

  /** Takes over a connection that began with the preface. Whether it did. */
  take(error: PrefaceError, socket: Duplex): boolean {
    const { code, rawPacket, bytesParsed } = error
    if (code !== 'HPE_PAUSED_H2_UPGRADE' || rawPacket === undefined || bytesParsed === undefined) {
      return false
    }
    if (!isSocket(socket) || socket.bytesRead - rawPacket.length + bytesParsed !== preface.length) {
      return false
    }
    detach(socket)
    const first = Buffer.concat([preface, rawPacket.subarray(bytesParsed)])
    this.#server.emit('connection', new Resumed(socket, first))
    return true
  }

  /** Lets the streams under way end, as long as nobody ends their connections. */
  close(): void {
    for (const session of this.#sessions) session.close()
  }

  closeAll(): void {
    for (const session of this.#sessions) session.destroy()
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    stream.on('error', () => {}) // Told by its end.
    const [near, far] = duplexPair()
    const { remoteAddress, remotePort } = stream.session?.socket ?? {}
    Object.assign(far, { remoteAddress, remotePort })
    near.on('error', () => near.destroy())
    try {
      const asked = httpRequest({
        createConnection: () => near as Socket,
        setHost: false,
        method: headers[':method'] ?? 'GET',
        path: headers[':path'] ?? '/',
        headers: inOldForm(headers),
      })
      asked.on('response', (response) => answer(stream, response))
      asked.on('continue', () => stream.additionalHeaders({ ':status': 100 }))
      asked.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
      stream.once('close', () => asked.destroy())
      this.#http.emit('connection', far)
      if (stream.endAfterHeaders) asked.end()
      else {
        // Who sends no body until it is answered is answered.
        asked.flushHeaders()
        stream.pipe(asked)
      }
    } catch {
      // A path or a header that HTTP/1.1 has no way to say.
      stream.respond({ ':status': 400 }, { endStream: true })
    }
  }
}

/** A socket that gives `first` before all else. */
class Resumed extends Duplex {
  readonly #socket: Socket

  constructor(socket: Socket, first: Buffer) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    this.push(first)
    socket.on('data', (chunk) => {
      if (!this.push(chunk)) socket.pause()
    })
    socket.once('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.once('close', () => this.destroy())
  }

  get remoteAddress(): string | undefined {
    return this.#socket.remoteAddress
  }

  get remotePort(): number | undefined {
    return this.#socket.remotePort
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void) {
    this.#socket.write(chunk, done)
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}

/** What Node keeps beside a socket while it reads requests off it. */
type Reading = { readonly parser?: { unconsume(): void; remove(): void } | null }

/** Takes a socket from Node's HTTP/1.1, which frees its parser when the socket closes. */
function detach(socket: Socket): void {
  const { parser } = socket as Reading
  parser?.unconsume()
  // Off the list of connections whose request is late.
  parser?.remove()
  for (const event of ['data', 'end', 'error', 'drain', 'timeout']) socket.removeAllListeners(event)
  socket.setTimeout(0)
}

function isSocket(stream: Duplex): stream is Socket {
  return 'bytesRead' in stream
}

function inOldForm(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const old: OutgoingHttpHeaders = {}
  const host = headers[':authority'] ?? headers.host
  if (host !== undefined) old.host = host
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(':') && name !== 'host') old[name] = value
  }
  old.connection = 'close'
  return old
}

const ofConnection = new Set(['connection', 'keep-alive', 'transfer-encoding'])

function answer(stream: ServerHttp2Stream, response: IncomingMessage): void {
  if (stream.destroyed) return
  const headers: Record<string, string | string[]> = {}
  for (const [name, values] of Object.entries(response.headersDistinct)) {
    if (values === undefined || ofConnection.has(name)) continue
    headers[name] = values.length === 1 ? (values[0] ?? '') : values
  }
  stream.respond({ ':status': response.statusCode ?? 500, ...headers })
  response.on('error', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR))
  // What nobody wants of a body need not be sent any more.
  stream.once('finish', () => {
    if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR)
  })
  response.pipe(stream)
}
