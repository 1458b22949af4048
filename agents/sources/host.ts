import type { KeptFile, KernelFiles } from './kept-file.ts'
import { fieldInKb } from './kernel-text.ts'
import { lowerCpus, lowerMemLimit } from './quota.ts'
import type { Gauge, Sample } from './source.ts'

/** Not disks, or (zram) memory: how busy they are says nothing of a disk. */
const noDisk = /^(loop|ram|zram|sr|fd)\d/

/** Columns of `/proc/diskstats`: the name, and milliseconds with a request in flight. */
const nameColumn = 2
const busyMsColumn = 12

/** What binds and what is shared by all processes of this host. One for an agent. */
export class Host implements Gauge {
  readonly #diskStats: KeptFile | undefined
  readonly #cpus: number | undefined
  readonly #memBytes: number | undefined
  #busyMsByDisk: ReadonlyMap<string, number> = new Map()
  #busiestMs = 0

  constructor(files: KernelFiles, procRoot: string) {
    // Once: with many interrupts `/proc/stat` is long, and a host's size does not change.
    this.#cpus = files.once(`${procRoot}/stat`)?.match(/^cpu\d+ /gm)?.length
    this.#memBytes = fieldInKb(files.once(`${procRoot}/meminfo`) ?? '', 'MemTotal')
    this.#diskStats = files.open(`${procRoot}/diskstats`)
    this.refresh()
  }

  /** Reads anew what moves; once a tick, before the processes of that tick. */
  refresh(): void {
    const before = this.#busyMsByDisk
    this.#busyMsByDisk = busyMsByDisk(this.#diskStats?.whole() ?? '')
    let mostMs = 0
    for (const [disk, busyMs] of this.#busyMsByDisk) {
      mostMs = Math.max(mostMs, busyMs - (before.get(disk) ?? busyMs))
    }
    // Of each tick the busiest disk's: the largest counter may be that of a disk now idle.
    this.#busiestMs += mostMs
  }

  read(into: Sample): void {
    lowerCpus(into, this.#cpus)
    lowerMemLimit(into, this.#memBytes)
    if (this.#busyMsByDisk.size > 0) into.hostDiskBusyS = this.#busiestMs / 1000
  }

  close(): void {
    this.#diskStats?.close()
  }
}

function busyMsByDisk(diskStats: string): ReadonlyMap<string, number> {
  const busy = new Map<string, number>()
  for (const line of diskStats.split('\n')) {
    const columns = line.trim().split(/\s+/)
    const name = columns[nameColumn]
    const busyMs = Number(columns[busyMsColumn])
    if (name !== undefined && !noDisk.test(name) && Number.isFinite(busyMs)) busy.set(name, busyMs)
  }
  return busy
}
