import { type Bursts, type CallKind, meanWork } from './call-mix.ts'
import { availableShares, type Disturbances } from './disturbance.ts'
import type { HostOptions } from './host.ts'
import type { PassageOptions } from './program.ts'
import type { AgentOptions } from './simulated-agent.ts'
import type { NodeOptions } from './simulated-node.ts'

/** Everything that is the same for each strategy: nodes, calls, agents, and what goes wrong. */
export type Cluster = {
  /** As on the command line. */
  readonly name: string
  /** What it is there to show, in a line. */
  readonly about: string
  readonly nodes: readonly NodeOptions[]
  readonly mix: readonly CallKind[]
  /** Arrivals ÷ what the cluster can carry, in (0, 1). */
  readonly load: number
  /** Calls a second that it can carry; null: worked out from nodes, mix and disturbances. */
  readonly capacityPerSecond: number | null
  readonly proxies: number
  readonly bursts: Bursts | null
  readonly disturbances: Disturbances
  readonly agents: AgentOptions
  /** Whether the operator told the proxy the cores of each node; else its agent has to. */
  readonly declaresCores: boolean
  /** Whether the proxy is told what each kind of call costs on average, instead of learning it. */
  readonly knowsCosts: boolean
  /** The one machine that all nodes, the proxy and who calls it run on; null: each has one of its own. */
  readonly host: SharedHost | null
}

/** A machine, and what the programs beside the nodes use of it: CPU for a call on its way in and out. */
export type SharedHost = HostOptions & {
  readonly proxy: PassageOptions
  readonly generator: PassageOptions
}

/** Calls a millisecond that the cluster gets: its load, of what its scarcest resource can carry. */
export function ratePerMs(cluster: Cluster): number {
  const { capacityPerSecond, load } = cluster
  return capacityPerSecond === null ? load * carried(cluster) : (load * capacityPerSecond) / 1000
}

function carried({ nodes, mix, disturbances }: Cluster): number {
  const available = availableShares(disturbances)
  const work = meanWork(mix)
  const cores = nodes.reduce((sum, node) => sum + node.cores * node.speed, 0) * available.cpu
  const disks = nodes.reduce((sum, node) => sum + node.disks, 0) * available.disk
  const byDisk = work.diskMs === 0 ? Number.POSITIVE_INFINITY : disks / work.diskMs
  return Math.min(cores / work.cpuMs, byDisk)
}
