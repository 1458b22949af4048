import type { Clock } from '../clock.ts'
import { CgroupV1 } from './cgroup-v1.ts'
import { CgroupV2 } from './cgroup-v2.ts'
import type { Host } from './host.ts'
import type { KernelFiles } from './kept-file.ts'
import { type Membership, parseMembership } from './membership.ts'
import { Ownership } from './ownership.ts'
import { Pressure } from './pressure.ts'
import { ProcFiles } from './proc.ts'
import type { Process } from './process.ts'
import type { QuotaLevels } from './quota.ts'
import { RunQueue } from './run-queue.ts'
import type { Gauge } from './source.ts'

/** What all processes of one agent are read with. */
export type Kernel = {
  readonly files: KernelFiles
  readonly host: Host
  readonly clock: Clock
  /** Where `/proc` and the cgroup trees are mounted. */
  readonly procRoot: string
  readonly cgroupRoot: string
  /** False: take the figures of the process alone, whatever group it is in. */
  readonly usesGroups: boolean
}

/** How the figures of one process are come by, for as long as it stays in its groups. */
export type Attachment = {
  /** As {@link import('../report.ts').NodeReport.src} names it: where CPU time comes from. */
  readonly name: string
  /** The text of `/proc/PID/cgroup` that this rests on. */
  readonly membership: string
  /** In the order in which they fill in a sample: what a group tells is better than the process. */
  readonly gauges: readonly Gauge[]
  /** The one of them that tells pressure; undefined where the kernel tells none of the group. */
  readonly pressure: Gauge | undefined
  /** The quotas on the way to the root, where the process has a group of its own. */
  readonly quota: QuotaLevels | undefined
}

/**
 * Finds the groups of a process and takes from each what is the process's own; the rest comes from
 * the process itself. Limits bind whoever else is in a group.
 */
export function detect(kernel: Kernel, process: Process): Attachment {
  const { files, procRoot, cgroupRoot } = kernel
  const membership = process.membership()
  const groups = parseMembership(membership, files, cgroupRoot)
  const ownership = new Ownership(files, procRoot, process.pid)
  const isOwn: Ownership['isOwn'] = (group) => kernel.usesGroups && ownership.isOwn(group)
  const { name, tree, pressure, quota } =
    groups.v2 === undefined ? inV1(files, groups, isOwn) : inV2(files, groups.v2, isOwn)
  const waiting = pressure ?? new RunQueue(files, procRoot, process.pid)
  const gauges = [tree, waiting, new ProcFiles(files, procRoot, process.pid)]
  return { name, membership, gauges, pressure, quota }
}

type Trees = {
  readonly name: string
  readonly tree: Gauge
  readonly pressure: Gauge | undefined
  readonly quota: QuotaLevels | undefined
}

function inV2(
  files: KernelFiles,
  group: NonNullable<Membership['v2']>,
  isOwn: Ownership['isOwn'],
): Trees {
  const own = isOwn(group)
  const tree = new CgroupV2(files, group, own)
  return {
    name: own ? 'cgroup2' : 'proc',
    tree,
    pressure: own ? Pressure.open(files, group.dir) : undefined,
    quota: own ? tree.quota : undefined,
  }
}

/** On a hybrid host the v2 tree has no controllers but does keep pressure, under the same path. */
function inV1(files: KernelFiles, groups: Membership, isOwn: Ownership['isOwn']): Trees {
  const { v1 = {}, unified } = groups
  const tree = new CgroupV1(files, v1, isOwn)
  const pressure =
    unified !== undefined && isOwn(unified) ? Pressure.open(files, unified.dir) : undefined
  const place = tree.hasCpuUsage ? 'cgroup1' : 'proc'
  return {
    name: pressure === undefined ? place : `${place}+psi`,
    tree,
    pressure,
    quota: isOwn(v1.cpu) ? tree.quota : undefined,
  }
}
