import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Clock } from '../clock.ts'
import { type Compat, latestCompat } from '../rpc/compat.ts'
import {
  checkPath,
  checkRequest,
  maxSkippedBytes,
  type Refusal,
  VirtualHosts,
} from './admission.ts'
import type { Answerer } from './answerer.ts'
import { readBody } from './body.ts'
import { brokenHead, sendBroken } from './broken-request.ts'
import type { ClientSessions } from './client-sessions.ts'
import { Cors } from './cors.ts'
import { endUnreadable, endWith, endWithoutTunnel, letHalfClose } from './endings.ts'
import { Http2Side } from './http2.ts'
import { send } from './outgoing.ts'
import type { PassThrough } from './pass-through.ts'
import { targetOf } from './request-target.ts'
import { Responder, type TellLoad } from './responder.ts'
import { isWebSocket, type WebSocketSide } from './websocket.ts'

export type HttpOptions = {
  readonly addr: string
  readonly port: number
  readonly vhosts: readonly string[]
  readonly corsdomain: readonly string[]
  /** Empty, or a path that every request's must begin with; null where only WebSockets are served. */
  readonly rpcprefix: string | null
  readonly maxSockets: number
  readonly compat?: Compat
  /** Tuning, for tests: nobody else can wait so long. */
  readonly timeLimits?: TimeLimits
}

/** How long a client may take, milliseconds above zero. */
export type TimeLimits = {
  /** For a request, from its first byte, or from the begin of the connection, to its last. */
  readonly readMs: number
  /** For an answer, from when all of it is there. */
  readonly writeMs: number
  readonly idleMs: number
  /** How often connections are looked at for the first of these. */
  readonly lookEveryMs: number
}

/** Geth's (go-ethereum/rpc/http.go, DefaultHTTPTimeouts). */
export const timeLimitDefaults: TimeLimits = {
  readMs: 30_000,
  writeMs: 30_000,
  idleMs: 120_000,
  lookEveryMs: 1_000,
}

/** Go's limit on a request's head (net/http, DefaultMaxHeaderBytes and initialReadLimitSize). */
const maxHeaderBytes = 1_048_576 + 4_096

/** The listening side: Geth's checks, one Buffer a body, and the bytes of the answer back. */
export class HttpServer {
  readonly #server: Server
  readonly #options: HttpOptions
  readonly #responder: Responder
  readonly #vhosts: VirtualHosts
  readonly #cors: Cors
  /** Null where the release of Geth that is spoken has none. */
  readonly #http2: Http2Side | null
  #webSockets: WebSocketSide | null = null
  #passThrough: PassThrough | null = null
  /** Connections that end with an answer which is on its way: nothing behind it is looked at. */
  readonly #ending = new WeakSet<Socket>()

  constructor(
    options: HttpOptions,
    answer: Answerer,
    clock: Clock,
    sessions: ClientSessions | null = null,
    tellLoad: TellLoad | null = null,
  ) {
    this.#options = options
    const compat = options.compat ?? latestCompat
    this.#vhosts = new VirtualHosts(options.vhosts, compat.foldsHosts)
    this.#cors = new Cors(options.corsdomain)
    const limits = options.timeLimits ?? timeLimitDefaults
    this.#responder = new Responder(answer, clock, limits.writeMs, compat, sessions, tellLoad)
    this.#server = createServer(
      {
        keepAliveTimeout: limits.idleMs,
        headersTimeout: limits.readMs,
        requestTimeout: limits.readMs,
        connectionsCheckingInterval: limits.lookEveryMs,
        maxHeaderSize: maxHeaderBytes,
        // Go has words of its own for it.
        requireHostHeader: false,
        noDelay: true,
        // Anything else with an Upgrade header is an ordinary request, as in Geth.
        shouldUpgradeCallback: (request) => this.#mayUpgrade(request),
      },
      (request, response) => this.#handle(request, response),
    )
    this.#server.maxConnections = options.maxSockets
    // The size of the head is bound enough, as in Go.
    this.#server.maxHeadersCount = 0
    this.#server.on('checkContinue', (request, response) => {
      const awaits = request.headers['content-length'] !== '0'
      this.#handle(request, response, awaits ? () => response.writeContinue() : undefined)
    })
    this.#server.on('checkExpectation', (request, response) => {
      this.#refuse(request, response, badExpectation, [], true)
    })
    this.#server.on('connect', (_request, socket) => endWithoutTunnel(socket))
    this.#server.on('upgrade', (request, socket, head) => {
      if (this.#isTunnel(request)) this.#passThrough?.tunnel(request, socket, head)
      else this.#webSockets?.upgrade(request, socket, head)
    })
    this.#server.on('connection', letHalfClose)
    this.#http2 = compat.speaksHttp2 ? new Http2Side(this.#server, limits.idleMs) : null
    this.#server.on('clientError', (error, socket) => {
      if (this.#http2?.take(error, socket) !== true) endUnreadable(error, socket)
    })
    // Whoever closes its side only may still read an answer. Not in the types of Node.
    Object.assign(this.#server, { httpAllowHalfOpen: true })
  }

  /** From now on requests to become a WebSocket go to `side`. Without one they are ordinary ones. */
  upgradeTo(side: WebSocketSide): void {
    this.#webSockets = side
  }

  /** From now on what is on one of its paths goes to `passThrough`. */
  passTo(passThrough: PassThrough): void {
    this.#passThrough = passThrough
  }

  /** @throws Error with code `EADDRINUSE` when the port is taken */
  async listen(): Promise<{ readonly url: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#server.once('error', reject)
    this.#server.listen(this.#options.port, this.#options.addr, resolve)
    await promise
    this.#server.off('error', reject)
    const { address, family, port } = this.#server.address() as AddressInfo
    return { url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}` }
  }

  /** Takes no more connections, lets requests under way end for `graceMs`, then cuts them off. */
  async close(graceMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#responder.isClosing = true
    this.#server.close(() => resolve())
    this.#server.closeIdleConnections()
    this.#http2?.close()
    const timer = setTimeout(() => {
      this.#server.closeAllConnections()
      this.#http2?.closeAll()
    }, graceMs)
    await promise
    clearTimeout(timer)
  }

  #mayUpgrade(request: IncomingMessage): boolean {
    if (!isWebSocket(request) || brokenHead(request) !== null) return false
    if (this.#isTunnel(request)) return this.#refusalOfTunnel(request) === null
    return this.#webSockets?.refusal(request) === null
  }

  #isTunnel(request: IncomingMessage): boolean {
    return this.#passThrough?.tunnels(targetOf(request).path) === true
  }

  #refusalOfTunnel(request: IncomingMessage): Refusal | null {
    return this.#vhosts.check(targetOf(request).host) ?? this.#passThrough?.refusal(request) ?? null
  }

  /** @param proceed tells a client that waits for it to send its body */
  #handle(request: IncomingMessage, response: ServerResponse, proceed?: () => void): void {
    if (this.#ending.has(request.socket)) return
    const broken = brokenHead(request)
    if (broken !== null) {
      this.#ending.add(request.socket)
      sendBroken(response, broken)
      return
    }
    const { method, headers } = request
    const target = targetOf(request)
    const passThrough = this.#passThrough?.serves(target.path) === true ? this.#passThrough : null
    const elsewhere =
      ofServer(request) ??
      this.#noWebSocket(request) ??
      (passThrough === null ? checkPath(target.path, this.#options.rpcprefix) : null) ??
      this.#vhosts.check(target.host)
    const preflight = elsewhere === null ? this.#cors.preflight(method, headers) : null
    const isLeft = proceed !== undefined
    if (elsewhere !== null) this.#refuse(request, response, elsewhere, [], isLeft)
    else if (preflight !== null) {
      this.#refuse(request, response, preflightAnswer, preflight, isLeft)
    } else {
      const cors = this.#cors.actual(headers)
      const objection = passThrough === null ? checkRequest(request, target.hasQuery) : null
      if (objection !== null) this.#refuse(request, response, objection, cors, isLeft)
      else {
        proceed?.()
        if (passThrough === null) this.#read(request, response, cors)
        else {
          passThrough.pass(request, response, cors, (refusal, isUnread) =>
            this.#refuse(request, response, refusal, cors, isUnread),
          )
        }
      }
    }
  }

  /** Refuses what would be a WebSocket if it could. */
  #noWebSocket(request: IncomingMessage): Refusal | null {
    const { upgrade } = request.headers
    if (upgrade === undefined || !isWebSocket(request)) return null
    if (this.#isTunnel(request)) return this.#refusalOfTunnel(request)
    return this.#webSockets?.refusal(request) ?? null
  }

  #read(request: IncomingMessage, response: ServerResponse, cors: readonly string[]): void {
    readBody(request, (body, isCutShort) => {
      if (isCutShort) this.#endWith(request, response)
      this.#responder.respond(body, request, response, cors).catch((error: unknown) => {
        // Only a defect of ours ends here; the client sees the connection end, as with a panic.
        response.destroy(error instanceof Error ? error : new Error(String(error)))
      })
    })
  }

  /** @param isLeft whether the client will not send its body, and the connection ends */
  #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    { status, text, headers = [], isPlain = false }: Refusal,
    more: readonly string[],
    isLeft: boolean,
  ): void {
    const typed = text === '' ? [] : ['Content-Type', textType, 'X-Content-Type-Options', 'nosniff']
    const body = text === '' ? [] : [Buffer.from(text)]
    const unread = Number(request.headers['content-length'] ?? 0)
    if (isLeft || unread >= maxSkippedBytes) this.#endWith(request, response)
    const lines = [...more, ...typed, ...headers]
    const outgoing = { status, headers: lines, body, identity: isPlain, close: false }
    send(request, response, outgoing)?.catch((error: Error) => response.destroy(error))
    request.resume()
  }

  #endWith(request: IncomingMessage, response: ServerResponse): void {
    this.#ending.add(request.socket)
    endWith(request, response)
  }
}

/** What Go's net/http answers itself (server.go, globalOptionsHandler). */
function ofServer({ method, url }: IncomingMessage): Refusal | null {
  return url === '*' && method === 'OPTIONS' ? nothing : null
}

const preflightAnswer: Refusal = { status: 200, text: '' }
const nothing: Refusal = { status: 200, text: '', isPlain: true }
const badExpectation: Refusal = { status: 417, text: '', isPlain: true }

const textType = 'text/plain; charset=utf-8'
