import type { Cluster } from '../cluster.ts'
import { namedClusters } from '../study-flags.ts'

/** A cluster of the study or a real profile. @throws Error when none has the name */
export function named(name: string): Cluster {
  const cluster = namedClusters.find((each) => each.name === name)
  if (cluster === undefined) throw new Error(`no cluster ${name}`)
  return cluster
}
