import { developmentFamilies } from '../rpc/families.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** Whether a node has a say in which chain is served: whether it could take calls. */
export function isVoter({ health, draining, breaker }: Upstream): boolean {
  return health === 'up' && !draining && breaker.state !== 'open'
}

/**
 * The highest block that `quorum` of the voters have, on the chain that is served; where there are
 * fewer, that all have. Null where nobody is on it.
 */
export function heightOf(voters: readonly Upstream[], quorum: number): number | null {
  const heights = voters
    .filter(({ asideSinceMs }) => asideSinceMs === null)
    .map(({ head }) => head ?? 0)
    .sort((a, b) => b - a)
  return heights[Math.min(quorum, heights.length) - 1] ?? null
}

/**
 * Whether state can be asked for by the hash of a block. Of development nodes it cannot: asked while
 * it makes a block, Anvil 1.7.1 answers with the state of another one now and then.
 */
export function haveStateByHash(upstreams: readonly Upstream[]): boolean {
  for (const { family } of upstreams) if (developmentFamilies.has(family)) return false
  return true
}
