import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { readTls, type TlsFiles, TlsRenewal } from './tls.ts'
import { showsToken } from './token.ts'

/** A reader needs one connection; these are enough for all streams, scrapes and checks. */
const maxConnections = 256

/** Reasons why no TLS came about are few. */
const maxToldTls = 16

/** Whoever takes longer to send the few bytes of a request is cut off. */
const requestTimeoutMs = 10_000

/** Answers one request that may be answered. @param name what stands below the path, decoded */
export type Handler = (
  request: IncomingMessage,
  response: ServerResponse,
  name: string,
) => void | Promise<void>

export type ServerOptions = {
  readonly addr: string
  /** 0: any free port. */
  readonly port: number
  readonly tokenFile?: string
  /** What the agent shows, and where `ca` is given, who must have signed what readers show. */
  readonly tls?: TlsFiles
  /** By path, with all below it where that ends with a `/`. All of them are only read. */
  readonly routes: ReadonlyMap<string, Handler>
  /** Paths that need no token: they tell nothing. */
  readonly open: ReadonlySet<string>
  readonly log: (line: string) => void
}

/** The HTTP side of an agent: it gives figures and takes no orders. */
export class AgentServer {
  readonly #options: ServerOptions
  readonly #server: Server | TlsServer
  readonly #renewal: TlsRenewal | null
  readonly #toldTls = new Set<string>()
  /** Requests without the token. */
  refused = 0

  /** @throws Error when a certificate cannot be read */
  constructor(options: ServerOptions) {
    this.#options = options
    const { tls } = options
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#answer(request, response).catch((error: unknown) => {
        options.log(`${request.url}: ${error instanceof Error ? error.message : String(error)}`)
        if (response.headersSent) response.destroy()
        else fail(response, 500, 'internal error')
      })
    }
    if (tls === undefined) {
      this.#server = createServer({ requestTimeout: requestTimeoutMs }, listener)
      this.#renewal = null
    } else {
      const server = createTlsServer(
        {
          ...readTls(tls),
          requestTimeout: requestTimeoutMs,
          // Without a certificate of that authority nobody gets as far as a request.
          requestCert: tls.ca !== undefined,
          rejectUnauthorized: tls.ca !== undefined,
        },
        listener,
      )
      this.#renewal = new TlsRenewal(server, tls, options.log)
      server.on('tlsClientError', (error) => this.#tellTls(error))
      this.#server = server
    }
    this.#server.maxConnections = maxConnections
  }

  /** @throws Error as `listen` does, with `code` EADDRINUSE, EACCES or EADDRNOTAVAIL. */
  async listen(): Promise<{ readonly url: string }> {
    const { addr, port } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, addr, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    this.#server.on('error', (error) => this.#options.log(`server: ${error.message}`))
    const bound = this.#server.address() as AddressInfo
    const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
    return { url: `http${this.#renewal === null ? '' : 's'}://${name}:${bound.port}` }
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    this.#renewal?.close()
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  /** Each reason once, so that whoever tries again and again fills no log. */
  #tellTls({ message }: Error): void {
    const why = message.slice(0, 200).replace(/\s+/g, ' ')
    if (this.#toldTls.has(why) || this.#toldTls.size >= maxToldTls) return
    this.#toldTls.add(why)
    this.#options.log(`a reader was refused: ${why}`)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { routes, open, tokenFile } = this.#options
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    const below = path.lastIndexOf('/') + 1
    const handler = routes.get(path) ?? routes.get(path.slice(0, below))
    if (tokenFile !== undefined && !open.has(path)) {
      if (!(await showsToken(request.headers.authorization, tokenFile))) {
        this.refused += 1
        response.setHeader('www-authenticate', 'Bearer')
        fail(response, 401, 'want the bearer token of this agent')
        return
      }
    }
    if (handler === undefined) {
      fail(response, 404, `no such path; there are ${[...routes.keys()].join(', ')}`)
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      fail(response, 405, 'an agent is only read')
    } else {
      await handler(request, response, decoded(path.slice(below)))
    }
  }
}

/** A name as it was before it was put into a path; what is no such encoding is no name of a node. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

/** Answers with a status and a JSON `{error}`. */
export function fail(response: ServerResponse, status: number, error: string): void {
  reply(response, status, 'application/json', `${JSON.stringify({ error })}\n`)
}

export function reply(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'content-type': type,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(body)
}
