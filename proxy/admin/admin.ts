import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ContractSource } from './contracts.ts'
import { EventStream } from './event-stream.ts'
import { readWebFiles } from './files.ts'
import { isBearer, isForeign, isLoopback, isReading, isRebound } from './guard.ts'
import type { Ledger } from './ledger-routes.ts'
import { AdminError, secure, sendJson } from './reply.ts'
import type { ReportSink } from './report-route.ts'
import { type FleetControl, type MetricsText, type Route, routesOf } from './routes.ts'

/** Where problems of the port itself go; pino's logger is one. */
export type AdminLog = { error(details: object, message: string): void }

export type AdminOptions = {
  /** Address to listen on. */
  readonly addr: string
  /** Port to listen on; 0 for any that is free. */
  readonly port: number
  /** Bearer token asked of everybody, or null. Must be given when `addr` is not loopback. */
  readonly token: string | null
  readonly fleet: FleetControl
  readonly ledger: Ledger
  readonly contracts: ContractSource
  readonly metrics: MetricsText
  readonly reports: ReportSink
  /** Without it, problems become process warnings. */
  readonly log?: AdminLog
  /** Milliseconds between server-sent events; 250. */
  readonly eventIntervalMs?: number
}

/** The running port. `listen` rejects as `node:net` does, with `EADDRINUSE` when the port is taken. */
export type Admin = {
  listen(): Promise<{ readonly url: string }>
  /** Ends every connection, streams included. */
  close(): Promise<void>
}

const eventIntervalMs = 250

/** Requests to this port are short: whoever takes longer to send one is cut off. */
const requestTimeoutMs = 10_000

/** Scrapers, probes, a few people, and one for each agent that pushes: no more than that. */
const maxConnections = 1_152

const warnings: AdminLog = {
  error: (details, message) =>
    process.emitWarning(`${message}: ${String('err' in details ? details.err : '')}`),
}

/**
 * The admin port: health, metrics, the fleet as JSON and as events, orders, and the dashboard.
 *
 * Who may use it: with a token, who has it (pages and probes are open, they hold nothing), and for
 * reports of agents also who has theirs, which lets nobody give orders. Without
 * one the port must be on loopback, and then browsers are kept from being used against it: the Host
 * must be `localhost` or an IP (DNS rebinding), and no page of another origin may call the API.
 *
 * @throws Error when the address is not loopback and there is no token.
 */
export function createAdmin(options: AdminOptions): Admin {
  const { addr, fleet, ledger, contracts, metrics, reports, token, log = warnings } = options
  if (!token && !isLoopback(addr)) {
    throw new Error(`the admin port needs a token on ${addr}, which is not loopback`)
  }
  const events = new EventStream({
    intervalMs: options.eventIntervalMs ?? eventIntervalMs,
    next: () => JSON.stringify(fleet.snapshot()),
    failed: (err) => log.error({ err }, 'admin: no snapshot for the event stream'),
  })
  const files = readWebFiles(`${import.meta.dirname}/dashboard`)
  const routeAt = routesOf({ fleet, ledger, contracts, metrics, reports, events, files })
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    answer(request, response).catch((error: unknown) => fail(request, response, error, log))
  })
  server.maxConnections = maxConnections
  server.on('clientError', refuseBytes)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    secure(response)
    const path = pathOf(request)
    const route = routeAt(path)
    const agentToken = route?.isForAgents === true ? reports.token() : null
    admit(request, path, route, [token, agentToken])
    if (route === null) throw new AdminError(404, `nothing is at ${path}`)
    checkMethod(request, route)
    await route.run(request, response)
  }

  return {
    async listen() {
      server.listen(options.port, addr)
      await once(server, 'listening')
      server.on('error', (err) => log.error({ err }, 'admin: the listener failed'))
      return { url: urlOf(server) }
    },
    async close() {
      events.close()
      if (!server.listening) return
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** @throws AdminError 401 or 403 when this request may not be here. */
function admit(
  request: IncomingMessage,
  path: string,
  route: Route | null,
  anyOf: readonly (string | null)[],
): void {
  const tokens = anyOf.flatMap((token) => token || [])
  if (tokens.length === 0 && isRebound(request)) {
    throw new AdminError(403, 'the Host must be localhost or an IP address')
  }
  const mayCall = isReading(request.method ?? '') && !path.startsWith('/api/')
  if (!mayCall && isForeign(request)) {
    throw new AdminError(403, 'a page of another origin may not call this')
  }
  // All are compared, so that the time tells nothing of which it was.
  const isShown = tokens.map((token) => isBearer(request, token)).includes(true)
  if (tokens.length > 0 && route?.isOpen !== true && !isShown) {
    throw new AdminError(401, 'a bearer token is needed', {
      'www-authenticate': 'Bearer realm="equipoise"',
    })
  }
}

function checkMethod({ method = '' }: IncomingMessage, route: Route): void {
  if (method === route.method || (method === 'HEAD' && route.method === 'GET')) return
  const allow = route.method === 'GET' ? 'GET, HEAD' : route.method
  throw new AdminError(405, `${method} is not for this path`, { allow })
}

function pathOf(request: IncomingMessage): string {
  const url = URL.parse(request.url ?? '', 'http://admin')
  if (url === null) throw new AdminError(400, 'not a path')
  return url.pathname
}

function fail(
  request: IncomingMessage,
  response: ServerResponse,
  err: unknown,
  log: AdminLog,
): void {
  if (request.destroyed && !request.complete) return // The client left before it had asked.
  const isOurs = err instanceof AdminError
  if (!isOurs) log.error({ err, method: request.method, path: request.url }, 'admin: no answer')
  if (response.headersSent) {
    response.destroy()
    return
  }
  if (isOurs) response.setHeaders(new Map(Object.entries(err.headers)))
  sendJson(response, isOurs ? err.status : 500, { error: isOurs ? err.message : 'internal error' })
}

/** What is no HTTP gets the status that node:http has for it, with a body as all others have. */
function refuseBytes(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return
  const status =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request'
  const body = JSON.stringify({ error: status.slice(4).toLowerCase() })
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\n` +
      `content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function urlOf(server: Server): string {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on a port')
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
