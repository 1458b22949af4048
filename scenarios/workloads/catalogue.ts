import { lightReads } from './light-reads.ts'
import { mixedReads } from './mixed-reads.ts'
import type { Workload } from './workload.ts'

/** Every workload by its name, the default first. */
export const workloads: ReadonlyMap<string, Workload> = new Map(
  [mixedReads, lightReads].map((workload) => [workload.name, workload]),
)

/** @throws RangeError for a name that is none; names from outside are checked by `config.ts` */
export function workloadNamed(name: string): Workload {
  const workload = workloads.get(name)
  if (workload === undefined) throw new RangeError(`no workload ${name}`)
  return workload
}
