import { DiskLimits, diskFilesV1 } from './disk-limits.ts'
import type { KeptFile, KernelFiles } from './kept-file.ts'
import { countOfList, field, soleNumber } from './kernel-text.ts'
import type { Group, Membership } from './membership.ts'
import { Pace } from './pace.ts'
import { lowerCpus, lowerMemLimit, type Quota, type QuotaLevel, QuotaLevels } from './quota.ts'
import type { Gauge, Sample } from './source.ts'

/**
 * What the trees of cgroup v1 tell: limits always, use only of groups that are the node's own. Each
 * controller has its own tree, and a process may have a group of its own in one and not in another.
 *
 * Bytes of the disk are not here: `blkio.throttle.io_service_bytes` stays 0 unless a rule exists.
 */
export class CgroupV1 implements Gauge {
  readonly quota: QuotaLevels
  readonly #ownsQuota: boolean
  readonly #cpuUsage: KeptFile | undefined
  readonly #cpuset: KeptFile | undefined
  readonly #memoryUsage: KeptFile | undefined
  readonly #memoryStat: KeptFile | undefined
  readonly #memoryLimits: readonly (KeptFile | undefined)[]
  readonly #diskLimits: DiskLimits | undefined
  readonly #pace = new Pace()
  #slow: Sample = { atMs: 0, epoch: 0 }

  constructor(
    files: KernelFiles,
    groups: NonNullable<Membership['v1']>,
    isOwn: (group: Group | undefined) => boolean,
  ) {
    const { cpu, cpuacct, memory, cpuset, blkio } = groups
    const ownFile = (group: Group | undefined, name: string) =>
      group !== undefined && isOwn(group) ? files.open(`${group.dir}/${name}`) : undefined
    this.quota = new QuotaLevels(
      (cpu?.levels ?? []).map((level) => quotaLevel(files, level)),
      { name: 'throttled_time', perS: 1e9 },
    )
    this.#ownsQuota = isOwn(cpu)
    this.#cpuUsage = ownFile(cpuacct, 'cpuacct.usage')
    this.#memoryUsage = ownFile(memory, 'memory.usage_in_bytes')
    this.#memoryStat = ownFile(memory, 'memory.stat')
    this.#cpuset =
      cpuset === undefined ? undefined : files.open(`${cpuset.dir}/cpuset.effective_cpus`)
    this.#memoryLimits = (memory?.levels ?? []).map((level) =>
      files.open(`${level}/memory.limit_in_bytes`),
    )
    this.#diskLimits =
      blkio !== undefined && isOwn(blkio)
        ? new DiskLimits(diskFilesV1(files, blkio.dir, blkio.levels))
        : undefined
  }

  /** True when CPU time comes from a group, not from the process alone. */
  get hasCpuUsage(): boolean {
    return this.#cpuUsage !== undefined
  }

  read(into: Sample): void {
    this.quota.read(into, this.#ownsQuota)
    if (this.#pace.isDue(into.atMs)) this.#readLimits()
    lowerCpus(into, this.#slow.cpus)
    lowerMemLimit(into, this.#slow.memLimitBytes)
    const usageNs = soleNumber(this.#cpuUsage?.text())
    if (usageNs !== undefined) into.cpuUsageS = usageNs / 1e9
    this.#readMemory(into)
    this.#diskLimits?.read(into)
  }

  close(): void {
    this.quota.close()
    for (const file of this.#memoryLimits) file?.close()
    this.#cpuUsage?.close()
    this.#cpuset?.close()
    this.#memoryUsage?.close()
    this.#memoryStat?.close()
    this.#diskLimits?.close()
  }

  #readMemory(into: Sample): void {
    const usage = soleNumber(this.#memoryUsage?.text())
    if (usage === undefined) return
    into.memCurrentBytes = usage
    if (this.#slow.memFileBytes !== undefined) into.memFileBytes = this.#slow.memFileBytes
  }

  /** What moves slowly: the kernel itself brings `memory.stat` up to date every 2 s only. */
  #readLimits(): void {
    const slow: Sample = { atMs: 0, epoch: 0 }
    lowerCpus(slow, countOfList(this.#cpuset?.text()))
    for (const limit of this.#memoryLimits) lowerMemLimit(slow, soleNumber(limit?.text()))
    const stat = this.#memoryStat?.text() ?? ''
    const inactive = field(stat, 'total_inactive_file')
    const active = field(stat, 'total_active_file')
    if (inactive !== undefined && active !== undefined) slow.memFileBytes = inactive + active
    this.#slow = slow
  }
}

function quotaLevel(files: KernelFiles, dir: string): QuotaLevel {
  const quota = files.open(`${dir}/cpu.cfs_quota_us`)
  const period = files.open(`${dir}/cpu.cfs_period_us`)
  const stat = quota === undefined ? undefined : files.open(`${dir}/cpu.stat`)
  return {
    read: () => quotaOf(soleNumber(quota?.text()), soleNumber(period?.text())),
    stat,
    close() {
      quota?.close()
      period?.close()
      stat?.close()
    },
  }
}

/** Microseconds; a quota of −1 is none, and is no {@link soleNumber}. */
function quotaOf(quotaUs: number | undefined, periodUs: number | undefined): Quota | undefined {
  if (quotaUs === undefined || periodUs === undefined || periodUs === 0) return undefined
  return { quotaUs, periodUs }
}
