import { DiskLimits, diskFilesV2 } from './disk-limits.ts'
import type { KeptFile, KernelFiles } from './kept-file.ts'
import { countOfList, field, soleNumber } from './kernel-text.ts'
import type { Group } from './membership.ts'
import { Pace } from './pace.ts'
import { lowerCpus, lowerMemLimit, type Quota, type QuotaLevel, QuotaLevels } from './quota.ts'
import type { Gauge, Sample } from './source.ts'

/** What the cgroup v2 tree tells: limits always, use only of a group that is the node's own. */
export class CgroupV2 implements Gauge {
  readonly #isOwn: boolean
  readonly quota: QuotaLevels
  readonly #cpuStat: KeptFile | undefined
  readonly #cpuset: KeptFile | undefined
  readonly #memoryCurrent: KeptFile | undefined
  readonly #memoryStat: KeptFile | undefined
  readonly #memoryLimits: readonly (KeptFile | undefined)[]
  readonly #ioStat: KeptFile | undefined
  readonly #pace = new Pace()
  #slow: Sample = { atMs: 0, epoch: 0 }
  readonly #diskLimits: DiskLimits | undefined

  constructor(files: KernelFiles, group: Group, isOwn: boolean) {
    const { dir, levels } = group
    const ownFile = (name: string) => (isOwn ? files.open(`${dir}/${name}`) : undefined)
    this.#isOwn = isOwn
    this.quota = new QuotaLevels(
      levels.map((level) => quotaLevel(files, level)),
      { name: 'throttled_usec', perS: 1e6 },
    )
    this.#cpuStat = ownFile('cpu.stat')
    this.#memoryCurrent = ownFile('memory.current')
    this.#memoryStat = ownFile('memory.stat')
    this.#ioStat = ownFile('io.stat')
    this.#diskLimits = isOwn ? new DiskLimits(diskFilesV2(files, dir, levels)) : undefined
    // A group without the cpuset controller has no such file: it has its parent's CPUs.
    this.#cpuset = firstOf(levels, (level) => files.open(`${level}/cpuset.cpus.effective`))
    // Above `high` the group is slowed down until it is below: in effect a limit too.
    this.#memoryLimits = levels.flatMap((level) => [
      files.open(`${level}/memory.max`),
      files.open(`${level}/memory.high`),
    ])
  }

  read(into: Sample): void {
    this.quota.read(into, this.#isOwn)
    if (this.#pace.isDue(into.atMs)) this.#readLimits()
    lowerCpus(into, this.#slow.cpus)
    lowerMemLimit(into, this.#slow.memLimitBytes)
    if (!this.#isOwn) return
    this.#readCpu(into)
    this.#readMemory(into)
    this.#readDisk(into)
  }

  close(): void {
    this.quota.close()
    for (const file of this.#memoryLimits) file?.close()
    this.#cpuStat?.close()
    this.#cpuset?.close()
    this.#memoryCurrent?.close()
    this.#memoryStat?.close()
    this.#ioStat?.close()
    this.#diskLimits?.close()
  }

  #readCpu(into: Sample): void {
    const usageUs = field(this.#cpuStat?.text() ?? '', 'usage_usec')
    if (usageUs !== undefined) into.cpuUsageS = usageUs / 1e6
  }

  #readMemory(into: Sample): void {
    const current = soleNumber(this.#memoryCurrent?.text())
    if (current === undefined) return
    into.memCurrentBytes = current
    const { memFileBytes, memSlabBytes } = this.#slow
    if (memFileBytes !== undefined) into.memFileBytes = memFileBytes
    if (memSlabBytes !== undefined) into.memSlabBytes = memSlabBytes
  }

  /** What moves slowly: limits, and how much of the memory is page cache. */
  #readLimits(): void {
    const slow: Sample = { atMs: 0, epoch: 0 }
    lowerCpus(slow, countOfList(this.#cpuset?.text()))
    for (const limit of this.#memoryLimits) lowerMemLimit(slow, soleNumber(limit?.text()))
    const stat = this.#memoryStat?.text() ?? ''
    const inactive = field(stat, 'inactive_file')
    const active = field(stat, 'active_file')
    const slab = field(stat, 'slab_reclaimable')
    if (inactive !== undefined && active !== undefined) slow.memFileBytes = inactive + active
    if (slab !== undefined) slow.memSlabBytes = slab
    this.#slow = slow
  }

  #readDisk(into: Sample): void {
    const stat = this.#ioStat?.text()
    // Empty until the first transfer, and then that is what was transferred.
    if (stat !== undefined) into.diskBytes = sumOf(stat, /\b[rw]bytes=(\d+)/g)
    this.#diskLimits?.read(into)
  }
}

function quotaLevel(files: KernelFiles, dir: string): QuotaLevel {
  const max = files.open(`${dir}/cpu.max`)
  const stat = max === undefined ? undefined : files.open(`${dir}/cpu.stat`)
  return {
    read: () => parseCpuMax(max?.text()),
    stat,
    close() {
      max?.close()
      stat?.close()
    },
  }
}

/** `50000 100000` or `max 100000`, in microseconds. */
function parseCpuMax(text: string | undefined): Quota | undefined {
  const [quotaUs, periodUs] = text?.split(' ').map((number) => soleNumber(number)) ?? []
  if (quotaUs === undefined || periodUs === undefined || periodUs === 0) return undefined
  return { quotaUs, periodUs }
}

function sumOf(text: string, numbers: RegExp): number {
  let sum = 0
  for (const [, number] of text.matchAll(numbers)) sum += Number(number)
  return sum
}

function firstOf<From, To>(
  items: readonly From[],
  find: (item: From) => To | undefined,
): To | undefined {
  for (const item of items) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}
