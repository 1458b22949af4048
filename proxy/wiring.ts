import { strategyText } from './balance/strategy-choice.ts'
import type { Clock } from './clock.ts'
import { type Config, maxNodes } from './config.ts'
import { Discovery } from './discovery/discovery.ts'
import { providersOf } from './discovery/providers.ts'
import { StaticProvider } from './discovery/static.ts'
import type { Log } from './log.ts'
import type { Members } from './members.ts'
import { Recorder } from './recorder.ts'
import { PassThrough } from './server/pass-through.ts'
import type { Fleet } from './upstream/fleet.ts'
import type { Upstream } from './upstream/upstream.ts'

/** Reads the nodes of the configuration again; null where they stand nowhere that can change. */
export type Reread = () => Config['nodes'] | null

/** What passes what is not JSON-RPC to nodes, or null where nothing does. */
export function passThroughOf(
  { graphql, 'pass-through': tunnels, limits, ws }: Config,
  readers: () => readonly Upstream[],
  clock: Clock,
): PassThrough | null {
  const paths = graphql ? ['/graphql', ...tunnels] : tunnels
  if (paths.length === 0) return null
  const { 'sockets-per-node': perNode, timeout: timeoutMs } = limits
  return new PassThrough(
    { paths, tunnels, origins: ws.origins, perNode, timeoutMs },
    readers,
    clock,
  )
}

/** Whoever names nodes, and the fleet that follows them. */
export function discoveryOf(
  config: Config,
  reread: Reread,
  members: Members,
  clock: Clock,
  log: Log,
): Discovery {
  const providers = providersOf(config.providers)
  // Without one, the nodes of the configuration are the fleet, for ever or until they are read again.
  const own = new StaticProvider(config.nodes, () => reread() ?? config.nodes)
  return new Discovery(
    [own, ...providers],
    {
      maxNodes,
      onNodes: (specs) => members.apply(specs),
      log: (level, details, message) => log[level](details, message),
    },
    clock,
  )
}

/** What takes down arrivals, decisions and reports, or null where that is not wanted. */
export function recorderOf(config: Config, fleet: Fleet, clock: Clock, log: Log): Recorder | null {
  const { record: file, strategy, limits } = config
  if (file === undefined) return null
  const options = {
    file,
    maxBytes: limits['max-record-bytes'],
    strategy: strategyText(strategy),
    nodes: fleet.upstreams,
    wallMs: Date.now(),
  }
  const recorder = new Recorder(options, clock, (details, message) => log.warn(details, message))
  fleet.watch({
    joined: (upstream) => recorder.join(upstream),
    left: ({ id }) => {
      // Another has taken its place under the same name.
      if (fleet.byId(id) === undefined) recorder.leave(id)
    },
  })
  return recorder
}
