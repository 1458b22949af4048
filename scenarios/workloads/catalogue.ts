import { gethDiskReads, gethReads } from './geth-reads.ts'
import { lightReads } from './light-reads.ts'
import { mixedReads } from './mixed-reads.ts'
import type { Workload } from './workload.ts'

/** Every workload by its name, the default first. */
export const workloads: ReadonlyMap<string, Workload> = new Map(
  [mixedReads, lightReads].map((workload) => [workload.name, workload]),
)

/** Those of `bench:policy`, for chains that hold what they ask for. */
const trials: readonly Workload[] = [gethReads, gethDiskReads]

/** @throws RangeError for a name that is none; names from outside are checked by `config.ts` */
export function workloadNamed(name: string): Workload {
  const workload = workloads.get(name) ?? trials.find((trial) => trial.name === name)
  if (workload === undefined) throw new RangeError(`no workload ${name}`)
  return workload
}
