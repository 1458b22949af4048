import type { Capacity, StatePoint } from '../../agents/report.ts'
import type { ProviderSnapshot } from '../discovery/discovery.ts'
import type { NodeHealth } from '../upstream/upstream.ts'

/** One node as `GET /api/fleet` shows it. What is not known is null, never 0. */
export type NodeSnapshot = {
  readonly id: string
  readonly url: string
  readonly health: NodeHealth
  /** Why it takes no calls, in words; null while it does. */
  readonly reason: string | null
  readonly breaker: 'closed' | 'open' | 'half-open'
  /** True between `drain` and `resume`. */
  readonly draining: boolean
  readonly head: number | null
  /** Blocks behind the highest head of the fleet; not negative. */
  readonly lagBlocks: number | null
  /** Calls sent and not yet answered. */
  readonly inFlight: number
  /** Calls sent, and of these failed, since the proxy started. */
  readonly calls: number
  readonly errors: number
  /** Round trips over the last minute, milliseconds; null before the first. */
  readonly latencyMs: { readonly p50: number; readonly p99: number } | null
  /** The last report's point. */
  readonly reported: StatePoint | null
  /** The point the strategy believes in now. */
  readonly predicted: StatePoint | null
  /** Distance from the idle origin that the strategy sees for one more call; lower is chosen. */
  readonly distance: number | null
  /** Milliseconds since the last report came in. */
  readonly reportAgeMs: number | null
  readonly capacity: Capacity | null
  /** How much the strategy knows of it, in a word; null where the strategy goes by its calls alone. */
  readonly rung: string | null
  /** The agent's source, such as `cgroup1+psi`. */
  readonly source: string | null
}

/** The one chain that the fleet shows. Heights; 0 before any is known. */
export type ChainSnapshot = {
  readonly head: number
  /** Of the block served; null where nodes show no blocks. */
  readonly hash: string | null
  readonly safe: number
  readonly finalized: number
  /** Between two blocks, as estimated; null before the second. */
  readonly blockTimeMs: number | null
  /** Reorganisations served. */
  readonly reorgs: number
  /** Answers that only said what their node lacks, so that another one was asked. */
  readonly softMisses: number
  /** Waits for a node to catch up, and of these in vain. */
  readonly waits: number
  readonly vainWaits: number
}

/** Where nodes come from. */
export type DiscoverySnapshot = {
  /** Nodes that providers added and that left again, since the start. */
  readonly joined: number
  readonly left: number
  readonly providers: readonly ProviderSnapshot[]
}

/** `GET /api/fleet`, and each event of `GET /api/events`. */
export type FleetSnapshot = {
  readonly version: string
  readonly strategy: string
  /** Names that `PUT /api/strategy` takes. */
  readonly strategies: readonly string[]
  readonly uptimeSeconds: number
  /** True while at least one node can serve. */
  readonly ready: boolean
  readonly chainId: string | null
  /** Highest head of the nodes that are up. */
  readonly head: number | null
  readonly chain: ChainSnapshot
  /** Client calls answered (each item of a batch is one), and of these with an error of the proxy's own. */
  readonly calls: number
  readonly failed: number
  /** Calls that wait now for a node with room, and all that ever did. */
  readonly held: { readonly waiting: number; readonly total: number }
  readonly discovery: DiscoverySnapshot
  readonly nodes: readonly NodeSnapshot[]
}
