import { Agent, type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import { type Duplex, pipeline } from 'node:stream'
import { createProxyServer, type ServerOptions } from 'http-proxy'
import { giveUp } from '../balance/meter.ts'
import type { Clock } from '../clock.ts'
import type { Work } from '../state/work.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { maxBodyBytes, type Refusal } from './admission.ts'
import { endBroken } from './broken-request.ts'
import { Origins } from './origins.ts'
import { writeHead } from './outgoing.ts'
import { requestHeaders, responseLines, withoutLoad } from './passed-headers.ts'
import { Paths } from './paths.ts'
import { forbidden } from './websocket.ts'

export type PassThroughOptions = {
  /** Paths that nodes serve themselves, with all below them, such as `/graphql`. */
  readonly paths: readonly string[]
  /** Of these, those on which a connection may become a tunnel. */
  readonly tunnels: readonly string[]
  /** Pages that may open one; empty: those of localhost. */
  readonly origins: readonly string[]
  /** Requests and tunnels to one node at once, at most. */
  readonly perNode: number
  /** For a whole request, or for a tunnel to open; milliseconds. */
  readonly timeoutMs: number
}

/** What such a request is taken to use: nothing is known of it, so that it is no light one. */
const work: Work = { key: 'pass-through', kind: 'background', cpuMs: 5, diskMs: 1 }

const unavailable: Refusal = { status: 503, text: 'no node can serve this\n', isPlain: true }
const unreachable: Refusal = { status: 502, text: 'the node did not answer\n', isPlain: true }
const tooLate: Refusal = { status: 504, text: 'the node did not answer in time\n', isPlain: true }
/** Geth's words, for GraphQL. */
const tooLarge: Refusal = { status: 413, text: 'http: request body too large\n' }

/** One request on its way through. */
type Passage = {
  readonly cors: readonly string[]
  sent: ClientRequest | null
}

/** How a request ended; `abandoned`: for no fault of the node's, and not by its answer. */
type End = 'answered' | 'failed' | 'abandoned'

/** Hands on to nodes what is not JSON-RPC and was configured, as it is, by http-proxy. */
export class PassThrough {
  readonly #options: PassThroughOptions
  readonly #readers: () => readonly Upstream[]
  readonly #clock: Clock
  readonly #paths: Paths
  readonly #tunnels: Paths
  readonly #origins: Origins
  readonly #plainAgent = new Agent({ keepAlive: true })
  readonly #tlsAgent = new TlsAgent({ keepAlive: true })
  readonly #proxy = createProxyServer({ changeOrigin: true })
  readonly #underWay = new Map<Upstream, number>()
  readonly #passages = new WeakMap<IncomingMessage, Passage>()
  readonly #openTunnels = new Set<Duplex>()
  /** Those that no node has agreed to yet, and what ends their waiting. */
  readonly #opening = new Map<Duplex, NodeJS.Timeout>()

  /** @param readers the nodes that may be asked now */
  constructor(options: PassThroughOptions, readers: () => readonly Upstream[], clock: Clock) {
    this.#options = options
    this.#readers = readers
    this.#clock = clock
    this.#paths = new Paths(options.paths)
    this.#tunnels = new Paths(options.tunnels)
    this.#origins = new Origins(options.origins)
    // Told of every error of a client's socket once it may be a tunnel. It ends by what hears it there.
    this.#proxy.on('error', () => {})
    this.#proxy.on('proxyReq', (sent, request) => {
      const passage = this.#passages.get(request)
      if (passage !== undefined) passage.sent = sent
    })
    this.#proxy.on('proxyRes', (received, request, response) => {
      this.#answer(received, request, response)
    })
    this.#proxy.on('proxyReqWs', (sent, _request, socket) => this.#open(sent, socket))
  }

  serves(path: string): boolean {
    return this.#paths.include(path)
  }

  tunnels(path: string): boolean {
    return this.#tunnels.include(path)
  }

  /** Whether a request for a tunnel is refused. */
  refusal({ headers }: IncomingMessage): Refusal | null {
    return this.#origins.allows(headers.origin) ? null : forbidden
  }

  /**
   * Hands on a request, and its answer back. When either side goes away, so does the other.
   * @param cors headers of the answer
   * @param refuse answers in place of a node; `isLeft` when the rest of the body is not read
   */
  pass(
    request: IncomingMessage,
    response: ServerResponse,
    cors: readonly string[],
    refuse: (refusal: Refusal, isLeft: boolean) => void,
  ): void {
    const upstream = this.#choose()
    if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) refuse(tooLarge, true)
    else if (upstream === null) refuse(unavailable, false)
    else {
      const passage: Passage = { cors, sent: null }
      this.#passages.set(request, passage)
      let refusal = unreachable
      let isNodesFault = false
      const giveUp = (reason: Refusal): void => {
        refusal = reason
        isNodesFault = reason === tooLate
        if (response.headersSent || passage.sent === null) response.destroy()
        else passage.sent.destroy(new Error(reason.text))
      }
      const timer = setTimeout(() => giveUp(tooLate), this.#options.timeoutMs)
      const settle = this.#begin(upstream)
      response.once('close', () => {
        clearTimeout(timer)
        if (isNodesFault) settle('failed')
        else settle(response.writableFinished ? 'answered' : 'abandoned')
      })
      let bytes = 0
      request.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes > maxBodyBytes && refusal !== tooLarge) giveUp(tooLarge)
      })
      const options = { ...this.#optionsFor(upstream), selfHandleResponse: true }
      withHeaders(request, requestHeaders(request, false), () => {
        this.#proxy.web(request, response, options, () => {
          if (refusal === unreachable && !response.destroyed) isNodesFault = true
          if (response.headersSent) response.destroy()
          else if (!response.destroyed) refuse(refusal, refusal === tooLarge)
        })
      })
    }
  }

  /** Makes a tunnel of a connection, if a node agrees. */
  tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy())
    const upstream = this.#choose()
    if (upstream === null) {
      endBroken(socket, { status: '503 Service Unavailable', text: unavailable.text })
      return
    }
    const settle = this.#begin(upstream)
    this.#openTunnels.add(socket)
    this.#opening.set(
      socket,
      setTimeout(() => socket.destroy(), this.#options.timeoutMs),
    )
    socket.once('close', () => {
      this.#settled(socket)
      this.#openTunnels.delete(socket)
      // How long a tunnel was open says nothing of its node.
      settle('abandoned')
    })
    withHeaders(request, requestHeaders(request, true), () => {
      const options = this.#optionsFor(upstream)
      this.#proxy.ws(request, socket, head, { ...options, agent: false }, () => {
        if (this.#settled(socket))
          endBroken(socket, { status: '502 Bad Gateway', text: unreachable.text })
        else socket.destroy()
      })
    })
  }

  /** A node's side of a tunnel ends with the client's, also while it is being opened. */
  #open(sent: ClientRequest, socket: Duplex): void {
    socket.once('close', () => sent.destroy())
    sent.once('response', ({ headers }) => withoutLoad(headers))
    sent.once('upgrade', ({ headers }, opened) => {
      withoutLoad(headers)
      this.#settled(socket)
      socket.once('close', () => opened.destroy())
    })
  }

  /** Waits no longer for a node. Whether it still did. */
  #settled(socket: Duplex): boolean {
    clearTimeout(this.#opening.get(socket))
    return this.#opening.delete(socket)
  }

  async close(): Promise<void> {
    for (const socket of this.#openTunnels) socket.destroy()
    this.#plainAgent.destroy()
    this.#tlsAgent.destroy()
  }

  /** Of the nodes that serve it and may be asked, the one that will feel it least. */
  #choose(): Upstream | null {
    const { perNode } = this.#options
    let chosen: Upstream | null = null
    let lowest = Number.POSITIVE_INFINITY
    let fewest = perNode
    for (const upstream of this.#readers()) {
      const underWay = this.#underWay.get(upstream) ?? 0
      if (upstream.web === null || underWay >= perNode) continue
      const cost = upstream.meter.cost(work)
      if (cost > lowest || (cost === lowest && underWay >= fewest)) continue
      chosen = upstream
      lowest = cost
      fewest = underWay
    }
    return chosen
  }

  /** Counts one more for a node. What it returns is called once, at its end. */
  #begin(upstream: Upstream): (end: End) => void {
    const { meter } = upstream
    const ticket = meter.start(work)
    const startedMs = this.#clock.nowMs()
    this.#underWay.set(upstream, (this.#underWay.get(upstream) ?? 0) + 1)
    return (end) => {
      const left = (this.#underWay.get(upstream) ?? 1) - 1
      // A node that has left must not be remembered.
      if (left > 0) this.#underWay.set(upstream, left)
      else this.#underWay.delete(upstream)
      const rttMs = this.#clock.nowMs() - startedMs
      if (end === 'abandoned') giveUp(meter, ticket, work, rttMs)
      else meter.settle(ticket, work, rttMs, end === 'failed')
    }
  }

  #optionsFor(upstream: Upstream): ServerOptions {
    const target = upstream.web ?? upstream.url
    const { username, password, protocol } = target
    const agent = protocol === 'https:' ? this.#tlsAgent : this.#plainAgent
    if (username === '' && password === '') return { target, agent }
    return {
      target,
      agent,
      auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}`,
    }
  }

  #answer(received: IncomingMessage, request: IncomingMessage, response: ServerResponse): void {
    const cors = this.#passages.get(request)?.cors ?? []
    const headers = [...responseLines(received.rawHeaders), ...cors]
    const length = received.headers['content-length']
    const outgoing = { status: received.statusCode ?? 502, headers, body: [], identity: true }
    const counted = length === undefined ? null : Number(length)
    writeHead(request, response, { ...outgoing, close: false }, counted, false)
    // Whichever side breaks off, the other ends too: what was sent must not look whole.
    pipeline(received, response, () => {})
  }
}

/** http-proxy copies the headers at once, and answers are still framed by the client's own. */
function withHeaders(
  request: IncomingMessage,
  headers: IncomingMessage['headers'],
  run: () => void,
): void {
  const own = request.headers
  request.headers = headers
  run()
  request.headers = own
}
