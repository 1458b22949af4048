import { AnvilFleet } from './fleets/anvil.ts'
import { labels } from './fleets/docker/daemon.ts'
import { DockerFleet } from './fleets/docker.ts'
import type { Fleet, FleetEvent } from './fleets/fleet.ts'
import { GethFleet } from './fleets/geth.ts'
import type { Reaper } from './reaper.ts'
import type { Steps } from './steps.ts'

/** What a fleet can be made of: Anvils, Geths, or Geths in Docker's containers. */
export const clients = ['anvil', 'geth', 'docker'] as const

/** The nodes of a stack. */
export type StackNodes = {
  /** What the nodes are; Anvil without it. */
  readonly client?: (typeof clients)[number]
  readonly nodes: number
  readonly blockTimeMs: number
  /** CPU quotas in cores, used in turn; empty for none. */
  readonly cpus: readonly number[]
  /** Memory limits in bytes, used in turn; only Docker's containers have one. */
  readonly memoryBytes?: readonly number[]
  /** Bytes a second that a node may read, and write, of its disk, used in turn; only Docker's. */
  readonly diskBytesPerS?: readonly number[]
  /** Names containers and network; `equipoise-PID` without it. */
  readonly name?: string
}

/** Starts the fleet of a stack. @throws Error in one line when it does not start; nothing is left then */
export async function startFleet(
  options: StackNodes & { readonly onEvent: (event: FleetEvent) => void },
  folder: string,
  reaper: Reaper,
  steps: Steps,
): Promise<Fleet> {
  const { nodes, blockTimeMs, cpus, memoryBytes, diskBytesPerS, onEvent } = options
  const common = { nodes, blockTimeMs, cpus, folder, reaper, onEvent }
  if (options.client === 'docker') {
    return await DockerFleet.start({
      ...common,
      stack: options.name ?? `equipoise-${process.pid}`,
      steps,
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(diskBytesPerS === undefined ? {} : { diskBytesPerS }),
    })
  }
  const start: () => Promise<Fleet> =
    options.client === 'geth' ? () => GethFleet.start(common) : () => AnvilFleet.start(common)
  return await steps('nodes', start)
}

/** What tells an agent to watch the fleet: containers by their label, processes by their pid files. */
export function agentFlags(fleet: Fleet): readonly string[] {
  if (fleet instanceof DockerFleet) return ['--label', `${labels.stack}=${fleet.stack}`]
  return fleet.nodes.flatMap(({ id, pidFile }) => ['--pid', `${id}=${pidFile}`])
}

/** What tells a proxy of the fleet: containers are discovered, processes are named. */
export function proxyFlags(fleet: Fleet, agentUrl: string): readonly string[] {
  if (!(fleet instanceof DockerFleet)) {
    return [
      ...fleet.nodes.flatMap(({ id, url }) => ['--node', `${id}=${url}`]),
      ...fleet.nodes.flatMap(({ id }) => ['--agent', `${id}=${agentUrl}`]),
    ]
  }
  const host = process.env['DOCKER_HOST'] ?? ''
  return [
    ...(host === '' ? ['--providers.docker'] : ['--providers.docker.endpoint', host]),
    ...['--providers.docker.constraints', `pool==${fleet.stack}`],
    ...['--providers.docker.agent', agentUrl],
  ]
}
