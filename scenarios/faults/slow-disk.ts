import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { groupDirectories } from '../cgroup.ts'
import { diskOf } from '../fleets/disk.ts'
import type { Reaper } from '../reaper.ts'

export type SlowDiskOptions = {
  /** The node's id, for the name of a control group. */
  readonly id: string
  readonly pid: number
  /** The node's data directory, as this process sees it. */
  readonly datadir: string
  readonly readsPerSecond: number
  readonly reaper: Reaper
  /** What it has read is in memory from now on, for the reason given. */
  readonly onFailed: (text: string) => void
}

/** What the node has read in this time is in memory. */
const forgetEveryMs = 1_000

/**
 * Makes one node's disk slow: the kernel lets its control group read so many times a second, and its
 * database's tables are taken out of memory again each second. Either alone does little: a cold read
 * costs 0.3 ms on a fast disk, and a small chain is in memory after some thousand reads.
 */
export class SlowDisk {
  readonly #timer: NodeJS.Timeout
  readonly #undo: () => Promise<void>

  private constructor(timer: NodeJS.Timeout, undo: () => Promise<void>) {
    this.#timer = timer
    this.#undo = undo
  }

  /** @throws Error where the kernel does not let us, in one line */
  static async start(options: SlowDiskOptions): Promise<SlowDisk> {
    const { datadir, onFailed } = options
    const database = join(datadir, 'geth/chaindata')
    const undo = await throttle(options)
    try {
      // Pages not yet written stay in memory.
      await promisify(execFile)('sync', ['-f', database])
      await forget(database)
    } catch (error) {
      await undo()
      throw error
    }
    const timer = setInterval(() => {
      forget(database).catch((error: unknown) => onFailed(String(error)))
    }, forgetEveryMs)
    return new SlowDisk(timer, undo)
  }

  /** The disk is as fast as before. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#undo()
  }
}

async function throttle(options: SlowDiskOptions): Promise<() => Promise<void>> {
  const { pid, datadir, readsPerSecond } = options
  const { number } = await diskOf(datadir)
  const directories = await groupDirectories(pid, ['blkio'])
  const v1 = directories.find((directory) => existsSync(join(directory, v1File)))
  if (v1 !== undefined) return await throttleV1(options, v1, number)
  const v2 = directories.find((directory) => existsSync(join(directory, 'io.max')))
  if (v2 === undefined) throw new Error('this machine lets us limit no disk (blkio, io.max)')
  await writeFile(join(v2, 'io.max'), `${number} riops=${readsPerSecond}`)
  return async () => await unlessGone(writeFile(join(v2, 'io.max'), `${number} riops=max`))
}

const v1File = 'blkio.throttle.read_iops_device'

/** A container has a group of its own; a process of ours that shares ours gets one. */
async function throttleV1(
  { id, pid, readsPerSecond, reaper }: SlowDiskOptions,
  directory: string,
  number: string,
): Promise<() => Promise<void>> {
  const ours = await groupDirectories(process.pid, ['blkio'])
  const name = `equipoise-${process.pid}-${id}-disk`
  const isShared = ours.includes(directory)
  const own = isShared ? join(directory, name) : directory
  if (isShared) {
    await mkdir(own)
    reaper.watchGroup(own)
    await writeFile(join(own, 'cgroup.procs'), String(pid))
  }
  await writeFile(join(own, v1File), `${number} ${readsPerSecond}`)
  return async () => {
    if (basename(own) !== name) {
      await unlessGone(writeFile(join(own, v1File), `${number} 0`))
      return
    }
    await unlessGone(writeFile(join(dirname(own), 'cgroup.procs'), String(pid)))
    await reaper.removeGroup(own)
  }
}

/** The node may have ended, and its group with it. */
async function unlessGone(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    if (code !== 'ENOENT' && code !== 'ESRCH' && code !== 'ENODEV') throw error
  }
}

/** Takes the tables of a database out of memory: 13 short processes, 15 ms of CPU in all. */
async function forget(database: string): Promise<void> {
  const each = 'dd if="$table" iflag=nocache count=0 status=none'
  const script = `for table in "$0"/*.sst; do ${each} || [ ! -e "$table" ] || exit 1; done`
  await promisify(execFile)('sh', ['-c', script, database])
}
