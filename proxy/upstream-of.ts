import type { LoadMeter } from './balance/meter.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { NodeSpec } from './discovery/node-spec.ts'
import { Upstream } from './upstream/upstream.ts'

/** The node that a spec describes, within the limits of the configuration. */
export function upstreamOf(
  spec: NodeSpec,
  { limits }: Config,
  meter: LoadMeter,
  clock: Clock,
): Upstream {
  const { id, url, ws, web, cores, 'reported-as': reportedAs, 'chain-id': chainId } = spec
  const options = {
    id,
    url,
    ws,
    web,
    cores: cores ?? null,
    reportedAs,
    declaredChainId: chainId === undefined ? undefined : `0x${chainId.toString(16)}`,
    connections: limits['sockets-per-node'],
    maxAnswerBytes: limits['max-answer-bytes'],
  }
  return new Upstream(options, meter, clock)
}
