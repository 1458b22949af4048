import type { Metrics } from './metrics.ts'
import { fail, type Handler, reply } from './server.ts'
import type { Streams } from './streams.ts'

export type RoutesOptions = {
  /** The report as it is now: one line, with its end. */
  readonly line: () => string
  readonly streams: Streams
  readonly metrics: Metrics
}

/** What an agent answers, by path. */
export function createRoutes({
  line,
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
      '/metrics',
      async (_, response) => reply(response, 200, metrics.contentType, await metrics.text()),
    ],
    ['/healthz', (_, response) => reply(response, 200, 'application/json', '{"status":"ok"}\n')],
  ])
}
