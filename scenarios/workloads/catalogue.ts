import { marbles } from './dapp/marbles.ts'
import { privateEquity } from './dapp/private-equity.ts'
import { dappWorkload } from './dapp/samples.ts'
import { withDiskReads } from './disk-reads.ts'
import { gethDiskReads, gethReads } from './geth-reads.ts'
import { heavyLogs } from './heavy-logs.ts'
import { heavyTraces } from './heavy-traces.ts'
import { indexer } from './indexer.ts'
import { lightReads } from './light-reads.ts'
import { mixedReads } from './mixed-reads.ts'
import { isTrace, traceWorkload } from './trace.ts'
import { wallets } from './wallets.ts'
import type { Workload } from './workload.ts'

/** Every workload by its name, the default first. */
export const workloads: ReadonlyMap<string, Workload> = new Map(
  [
    mixedReads,
    lightReads,
    gethReads,
    heavyLogs,
    heavyTraces,
    dappWorkload(privateEquity),
    dappWorkload(marbles),
    indexer,
    wallets,
  ].map((workload) => [workload.name, workload]),
)

/** What a workload's name ends with where some of its calls go to the disk. */
const onDisk = '+disk'

/**
 * @throws RangeError for a name that is none, TraceError for a trace that is none; names from outside
 *   are checked by `config.ts`
 */
export function workloadNamed(name: string): Workload {
  if (isTrace(name)) return traceWorkload(name)
  if (name === gethDiskReads.name) return gethDiskReads
  const base = workloads.get(name.endsWith(onDisk) ? name.slice(0, -onDisk.length) : name)
  const workload = base !== undefined && name.endsWith(onDisk) ? withDiskReads(base, name) : base
  if (workload === undefined) throw new RangeError(`no workload ${name}`)
  return workload
}

/** The name of a workload where two calls of five go to the disk; see {@link withDiskReads}. */
export function workloadOn(readsDisk: boolean, name: string): string {
  // A script's calls are its own.
  if (!readsDisk || isTrace(name) || workloads.get(name)?.script !== undefined) return name
  return name === gethReads.name ? gethDiskReads.name : `${name}${onDisk}`
}
