import type { IncomingMessage, ServerResponse } from 'node:http'
import { StrategyError } from '../balance/strategy-choice.ts'
import { answerContracts, type ContractSource } from './contracts.ts'
import type { EventStream } from './event-stream.ts'
import type { WebFile } from './files.ts'
import { answerBlocks, answerTransactions, type Ledger } from './ledger-routes.ts'
import { AdminError, readJson, send, sendJson } from './reply.ts'
import { type ReportSink, takePushed } from './report-route.ts'
import type { FleetSnapshot } from './snapshot.ts'

/** What the admin port may see of the fleet and order it to do. */
export type FleetControl = {
  snapshot(): FleetSnapshot
  /** Sends this node no more calls, until `resume`. False when there is no such node. */
  drain(id: string): boolean
  /** False when there is no such node. */
  resume(id: string): boolean
  /**
   * Takes a name, or `{name, hold, observer}`; returns it as people write it.
   * @throws StrategyError when there is no such strategy
   */
  setStrategy(value: unknown): string
}

/** Whatever renders the metrics' text. */
export type MetricsText = { readonly contentType: string; render(): Promise<string> }

/** What is at one path: it takes one method (and HEAD where that is GET). */
export type Route = {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Open to all who can reach the port: no token is asked for. */
  readonly isOpen: boolean
  /** Agents may come here too, with their own token. */
  readonly isForAgents?: boolean
  readonly run: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>
}

export type RouteSources = {
  readonly fleet: FleetControl
  readonly ledger: Ledger
  readonly contracts: ContractSource
  readonly metrics: MetricsText
  readonly reports: ReportSink
  readonly events: EventStream
  readonly files: ReadonlyMap<string, WebFile>
}

/** Finds what is at a path (decoded by nobody yet); null when nothing is. */
export function routesOf(sources: RouteSources) {
  const { fleet, ledger, contracts, metrics, reports, events, files } = sources
  const fixed: Readonly<Record<string, Route>> = {
    // Probes of an orchestrator carry no token; they learn one bit each.
    '/healthz': open((_request, response) => sendJson(response, 200, { status: 'ok' })),
    '/readyz': open((_request, response) => {
      if (!fleet.snapshot().ready) throw new AdminError(503, 'no node can serve')
      sendJson(response, 200, { status: 'ready' })
    }),
    '/metrics': guarded('GET', async (_request, response) => {
      send(response, 200, metrics.contentType, await metrics.render())
    }),
    '/api/fleet': guarded('GET', (_request, response) => {
      sendJson(response, 200, fleet.snapshot())
    }),
    '/api/transactions': guarded('GET', (request, response) => {
      answerTransactions(ledger, request, response)
    }),
    '/api/blocks': guarded('GET', (_request, response) => answerBlocks(ledger, response)),
    '/api/contracts': guarded('GET', (request, response) => {
      answerContracts(contracts, request, response)
    }),
    '/api/events': guarded('GET', (request, response) => {
      if (events.isFull) throw new AdminError(503, 'too many listeners', { 'retry-after': '10' })
      if (request.method === 'HEAD') response.end()
      else events.add(response)
    }),
    '/v1/report': {
      method: 'POST',
      isOpen: false,
      isForAgents: true,
      run: (request, response) => takePushed(reports, request, response),
    },
    '/api/strategy': guarded('PUT', async (request, response) => {
      const strategy = choose(fleet, await readJson(request))
      sendJson(response, 200, { strategy })
    }),
  }
  return (path: string): Route | null => {
    const file = files.get(path)
    if (file !== undefined) {
      return open((_request, response) => send(response, 200, file.type, file.bytes))
    }
    const found = Object.hasOwn(fixed, path) ? fixed[path] : nodeOrder(path, fleet)
    return found ?? null
  }
}

function open(run: Route['run']): Route {
  return { method: 'GET', isOpen: true, run }
}

function guarded(method: Route['method'], run: Route['run']): Route {
  return { method, isOpen: false, run }
}

/** `/api/nodes/ID/drain` and `/resume`. */
function nodeOrder(path: string, fleet: FleetControl): Route | null {
  const [, encodedId, order] = /^\/api\/nodes\/([^/]+)\/(drain|resume)$/.exec(path) ?? []
  if (encodedId === undefined) return null
  return guarded('POST', (_request, response) => {
    const id = decoded(encodedId)
    const isKnown = order === 'drain' ? fleet.drain(id) : fleet.resume(id)
    if (!isKnown) throw new AdminError(404, `no node ${JSON.stringify(id)}`)
    sendJson(response, 200, { id, draining: order === 'drain' })
  })
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw new AdminError(400, `not a name: ${part}`)
  }
}

function choose(fleet: FleetControl, body: unknown): string {
  if (typeof body !== 'object' || body === null || !('name' in body)) {
    throw new AdminError(400, 'want {"name": "a strategy"}')
  }
  try {
    return fleet.setStrategy(body)
  } catch (error) {
    if (!(error instanceof StrategyError)) throw error
    throw new AdminError(400, error.message)
  }
}
