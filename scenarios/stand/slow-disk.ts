import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import type { CpuGroup } from '../cgroup.ts'
import { diskOf } from '../fleets/disk.ts'
import type { GethNode } from '../fleets/geth/geth-node.ts'
import type { Reaper } from '../reaper.ts'

const blkio = '/sys/fs/cgroup/blkio'
/** What the node has read in this time is in memory. */
const forgetEveryMs = 1_000

/**
 * Makes one Geth's disk slow: the kernel lets it read so many times a second, and its database's
 * tables are taken out of memory again each second.
 *
 * Either alone does nothing here: a cold read costs 0.3 ms on a fast disk, and a chain of 44 MB is in
 * memory after some thousand reads. Emptying all of the node's memory (`memory.force_empty`) takes
 * the program's own pages too, so that even `eth_chainId` waits for the disk.
 */
export class SlowDisk {
  readonly #timer: NodeJS.Timeout
  readonly #directory: string
  readonly #reaper: Reaper

  private constructor(directory: string, timer: NodeJS.Timeout, reaper: Reaper) {
    this.#directory = directory
    this.#timer = timer
    this.#reaper = reaper
  }

  /**
   * @param onFailed its tables are in memory from now on, for the reason given
   * @throws Error where the kernel's cgroup v1 `blkio` controller is not at hand
   */
  static async start(
    node: GethNode,
    group: CpuGroup,
    readsPerSecond: number,
    reaper: Reaper,
    onFailed: (text: string) => void,
  ): Promise<SlowDisk> {
    if (!existsSync(blkio)) throw new Error('a slow disk takes the blkio controller of cgroup v1')
    const directory = join(blkio, basename(group.directories[0] ?? ''))
    await mkdir(directory)
    reaper.watchGroup(directory)
    await writeFile(join(directory, 'cgroup.procs'), String(node.pid()))
    const { number } = await diskOf(node.datadir)
    await writeFile(
      join(directory, 'blkio.throttle.read_iops_device'),
      `${number} ${readsPerSecond}`,
    )
    const database = join(node.datadir, 'geth/chaindata')
    // Pages not yet written stay in memory.
    await promisify(execFile)('sync', ['-f', database])
    await forget(database)
    const timer = setInterval(() => {
      forget(database).catch((error: unknown) => onFailed(String(error)))
    }, forgetEveryMs)
    return new SlowDisk(directory, timer, reaper)
  }

  /** Lets go of the disk. The node must have ended, or its group cannot be removed. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#reaper.removeGroup(this.#directory)
  }
}

/** Takes the tables of a database out of memory: 13 short processes, 15 ms of CPU in all. */
async function forget(database: string): Promise<void> {
  const each = 'dd if="$table" iflag=nocache count=0 status=none'
  const script = `for table in "$0"/*.sst; do ${each} || [ ! -e "$table" ] || exit 1; done`
  await promisify(execFile)('sh', ['-c', script, database])
}
