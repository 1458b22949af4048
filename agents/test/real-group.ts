import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

const mount = '/sys/fs/cgroup'

/** True where the machine has the one tree of cgroup v2. */
export const isV2 = existsSync(`${mount}/cgroup.controllers`)

/** The trees in which a group is made; of v2 there is one. */
const trees = isV2
  ? [mount]
  : ['cpu', 'cpuacct', 'memory', 'blkio', 'unified']
      .map((tree) => `${mount}/${tree}`)
      .filter((tree) => existsSync(tree))

/** A real group of this machine, in every tree that it mounts, with real limits. */
export class RealGroup {
  readonly path: string

  /** Makes the group, and those above it that are not there. */
  constructor(path: string) {
    this.path = path
    for (const tree of trees) {
      if (isV2) delegate(dirname(`${tree}/${path}`))
      mkdirSync(`${tree}/${path}`, { recursive: true })
    }
    this.#prefer()
  }

  /**
   * What else the machine does must not keep a load from what it is to use: beside others the outermost
   * group has the most weight there is. Within it all are equal.
   */
  #prefer(): void {
    const [outer = ''] = this.path.split('/')
    if (isV2) writeFileSync(`${mount}/${outer}/cpu.weight`, '10000')
    else writeFileSync(`${mount}/cpu/${outer}/cpu.shares`, '262144')
  }

  /** Why this machine does not let us make groups with limits; undefined when it does. */
  static obstacle(): string | undefined {
    if (process.platform !== 'linux') return 'there are no cgroups here'
    let group: RealGroup | undefined
    try {
      group = new RealGroup(`equipoise-test-${process.pid}-try`)
      group.limitCpus(1)
      group.limitMemory(2 ** 30)
      return undefined
    } catch (error) {
      return `no cgroup can be made here: ${error instanceof Error ? error.message : error}`
    } finally {
      group?.remove()
    }
  }

  /** `undefined` lifts the limit. */
  limitCpus(cpus: number | undefined): void {
    const quotaUs = cpus === undefined ? undefined : Math.round(cpus * 100_000)
    if (isV2) this.write('cpu.max', `${quotaUs ?? 'max'} 100000`)
    else this.write('cpu/cpu.cfs_quota_us', `${quotaUs ?? -1}`)
  }

  /** Its share beside other groups of the same parent, each of which has 100. */
  weigh(weight: number): void {
    if (isV2) this.write('cpu.weight', `${weight}`)
    else this.write('cpu/cpu.shares', `${Math.round(weight * 10.24)}`)
  }

  limitMemory(bytes: number): void {
    this.write(isV2 ? 'memory.max' : 'memory/memory.limit_in_bytes', `${bytes}`)
  }

  /** `device` is `MAJOR:MINOR` of a whole disk. */
  limitDiskWrites(device: string, bytesPerS: number): void {
    if (isV2) this.write('io.max', `${device} wbps=${bytesPerS}`)
    else this.write('blkio/blkio.throttle.write_bps_device', `${device} ${bytesPerS}`)
  }

  add(pid: number | undefined): void {
    for (const tree of trees) writeFileSync(`${tree}/${this.path}/cgroup.procs`, `${pid}`)
  }

  /** Writes a file of the group: by name in v2, as `TREE/NAME` in v1. */
  write(file: string, text: string): void {
    const [tree = '', name = ''] = file.split('/')
    const at = isV2 ? `${mount}/${this.path}/${file}` : `${mount}/${tree}/${this.path}/${name}`
    writeFileSync(at, text)
  }

  /**
   * Removes the group, and those above it that it leaves empty.
   * @throws Error while a process is in it; a moment after the last has ended it can be removed
   */
  remove(): void {
    for (const tree of trees) {
      if (existsSync(`${tree}/${this.path}`)) rmdirSync(`${tree}/${this.path}`)
      for (let up = dirname(this.path); up !== '.'; up = dirname(up)) {
        try {
          rmdirSync(`${tree}/${up}`)
        } catch {
          break // It was there before, or holds another group.
        }
      }
    }
  }
}

/** In v2 a group has only the files of controllers that those above it hand down. */
function delegate(dir: string): void {
  if (dir !== mount) delegate(dirname(dir))
  mkdirSync(dir, { recursive: true })
  for (const controller of ['cpu', 'memory', 'io']) {
    try {
      writeFileSync(`${dir}/cgroup.subtree_control`, `+${controller}`)
    } catch {
      // Not built into this kernel, or not ours to hand down: what needs it fails and says so.
    }
  }
}
