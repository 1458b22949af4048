import { existsSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { engineOf, type Selection } from '../selection.ts'
import { KernelFiles } from '../sources/kept-file.ts'
import type { SourceMode } from '../sources/machine.ts'
import type { Machine } from '../sources/source.ts'
import type { ContainerReach } from './container-subject.ts'
import { DockerContainers } from './docker-containers.ts'
import { DockerEngine } from './docker-engine.ts'
import { KubernetesApi } from './kubernetes-api.ts'
import { PodEngine } from './pod-engine.ts'
import { scanForContainers } from './process-scan.ts'
import { ScannedContainers } from './scanned-containers.ts'

export type ContainerSources = Selection & {
  readonly source: SourceMode
  readonly procRoot: string
}

/** Opens what finds and reads the containers of a selection; undefined where it has none. */
export function reachContainers(
  sources: ContainerSources,
  machine: Machine,
  clock: Clock,
  log: (line: string) => void,
): ContainerReach | undefined {
  const { containers: selectors, kubernetes, procRoot, source } = sources
  if (selectors.length === 0) return undefined
  if (kubernetes !== undefined) {
    const files = new KernelFiles()
    const pods = new KubernetesApi(kubernetes.account, kubernetes.node)
    const engine = new PodEngine(pods, () => scanForContainers(files, procRoot))
    const table = new DockerContainers({ name: 'kubernetes', engine, selectors, clock, log })
    return { table, machine, engine: undefined, asksEngine: false, clock }
  }
  const address = engineOf(sources, existsSync)
  if (address === undefined) {
    const table = new ScannedContainers({ selectors, procRoot, clock, log })
    return { table, machine, engine: undefined, asksEngine: false, clock }
  }
  const engine = new DockerEngine(address)
  const table = new DockerContainers({ engine, selectors, clock, log })
  return { table, machine, engine, asksEngine: source === 'docker', clock }
}
