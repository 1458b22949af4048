import type { Metrics } from './metrics.ts'
import { orcaFormatHeader, orcaFormatOf, orcaHeaders, orcaOf } from './orca.ts'
import type { NodeReport } from './report.ts'
import { fail, type Handler, reply } from './server.ts'
import type { Streams } from './streams.ts'

export type RoutesOptions = {
  /** The report as it is now: one line, with its end. */
  readonly line: () => string
  readonly nodes: () => readonly NodeReport[]
  /** Whether figures are read when they are due. */
  readonly isWell: () => boolean
  readonly streams: Streams
  readonly metrics: Metrics
}

/** What an agent answers, by path. */
export function createRoutes({
  line,
  nodes,
  isWell,
  streams,
  metrics,
}: RoutesOptions): ReadonlyMap<string, Handler> {
  return new Map<string, Handler>([
    [
      '/v1/stream',
      (request, response) => {
        if (request.method === 'HEAD') reply(response, 200, 'application/x-ndjson', '')
        else if (streams.isFull) fail(response, 503, 'too many readers of the stream')
        else streams.add(response, line())
      },
    ],
    ['/v1/state', (_, response) => reply(response, 200, 'application/json', line())],
    [
      '/v1/orca/',
      (request, response, name) => {
        const node = nodes().find((each) => each.id === name || each.name === name)
        if (node === undefined) return fail(response, 404, `no node ${JSON.stringify(name)}`)
        if (node.gone === true) return fail(response, 503, 'the process of the node has ended')
        const report = orcaOf(node)
        const format = orcaFormatOf(request.headers[orcaFormatHeader])
        const lines = format === null ? [] : orcaHeaders(report, format)
        for (let i = 0; i + 1 < lines.length; i += 2) {
          response.setHeader(lines[i] ?? '', lines[i + 1] ?? '')
        }
        reply(response, 200, 'application/json', `${JSON.stringify(report)}\n`)
      },
    ],
    [
      '/metrics',
      async (_, response) => reply(response, 200, metrics.contentType, await metrics.text()),
    ],
    [
      '/healthz',
      (_, response) => {
        if (isWell()) reply(response, 200, 'application/json', '{"status":"ok"}\n')
        else fail(response, 503, 'no figures were read for some time')
      },
    ],
  ])
}
