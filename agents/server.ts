import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { showsToken } from './token.ts'

/** A reader needs one connection; these are enough for all streams, scrapes and checks. */
const maxConnections = 256

/** Answers one request that may be answered. */
export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

export type ServerOptions = {
  readonly addr: string
  /** 0: any free port. */
  readonly port: number
  readonly tokenFile?: string
  /** By path. All of them are only read. */
  readonly routes: ReadonlyMap<string, Handler>
  /** Paths that need no token: they tell nothing. */
  readonly open: ReadonlySet<string>
  readonly log: (line: string) => void
}

/** The HTTP side of an agent: it gives figures and takes no orders. */
export class AgentServer {
  readonly #options: ServerOptions
  readonly #server: Server

  constructor(options: ServerOptions) {
    this.#options = options
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch((error: unknown) => {
        options.log(`${request.url}: ${error instanceof Error ? error.message : String(error)}`)
        if (response.headersSent) response.destroy()
        else fail(response, 500, 'internal error')
      })
    })
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
    return { url: `http://${name}:${bound.port}` }
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { routes, open, tokenFile } = this.#options
    const path = (request.url ?? '/').split('?')[0] ?? '/'
    const handler = routes.get(path)
    if (tokenFile !== undefined && !open.has(path)) {
      if (!(await showsToken(request.headers.authorization, tokenFile))) {
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
      await handler(request, response)
    }
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
