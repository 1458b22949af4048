import { AnvilFleet } from './fleets/anvil.ts'
import { DockerFleet } from './fleets/docker.ts'
import type { Fleet } from './fleets/fleet.ts'
import { GethFleet } from './fleets/geth.ts'
import type { Reaper } from './reaper.ts'
import type { StackOptions } from './stack.ts'
import type { Steps } from './steps.ts'

/** The name of a stack that was given none. */
export const defaultName = 'equipoise'

/** Starts the fleet of a stack. @throws Error in one line when it does not start; nothing is left then */
export async function startFleet(
  options: StackOptions,
  folder: string,
  reaper: Reaper,
  steps: Steps,
): Promise<Fleet> {
  const { nodes, blockTimeMs, cpus, memoryBytes, diskBytesPerS, onEvent } = options
  const common = { nodes, blockTimeMs, cpus, folder, reaper, onEvent }
  if (options.client === 'docker') {
    return await DockerFleet.start({
      ...common,
      stack: options.name ?? defaultName,
      steps,
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(diskBytesPerS === undefined ? {} : { diskBytesPerS }),
    })
  }
  const start: () => Promise<Fleet> =
    options.client === 'geth' ? () => GethFleet.start(common) : () => AnvilFleet.start(common)
  return await steps('nodes', start)
}
