import type { KernelFiles } from './kept-file.ts'
import { soleNumber } from './kernel-text.ts'
import { Pace } from './pace.ts'
import type { Gauge, Sample } from './source.ts'

/** What may be limited on a device: bytes and operations a second, of reading and of writing. */
const ways = ['rbps', 'wbps', 'riops', 'wiops'] as const
type Way = (typeof ways)[number]

/** By device and way, as in `254:0 rbps`: a limit a second, or a count so far. */
type ByWay = ReadonlyMap<string, number>

/** How one kind of cgroup tells limits and counts. Both are undefined where it does not. */
export type DiskFiles = {
  limits(): ByWay
  counts(): ByWay
  close(): void
}

/**
 * How much a group uses of what its devices are limited to. A throttle holds each way of each device
 * by itself, so that the one that is used most says how near the group is to waiting.
 */
export class DiskLimits implements Gauge {
  readonly #files: DiskFiles
  readonly #pace = new Pace()
  #limits: ByWay = new Map()
  #before: ByWay = new Map()
  #busyS = 0

  constructor(files: DiskFiles) {
    this.#files = files
  }

  read(into: Sample): void {
    if (this.#pace.isDue(into.atMs)) this.#limits = this.#files.limits()
    if (this.#limits.size === 0) return
    const counts = this.#files.counts()
    this.#busyS += this.#mostUsedS(counts)
    this.#before = counts
    into.diskLimitBusyS = this.#busyS
    const bytesPerS = leastBytesPerS(this.#limits)
    if (bytesPerS !== undefined) into.diskLimitBytesPerS = bytesPerS
  }

  close(): void {
    this.#files.close()
  }

  /** Seconds for which the limit used most since the last reading would have been used whole. */
  #mostUsedS(counts: ByWay): number {
    let mostS = 0
    for (const [key, perS] of this.#limits) {
      const now = counts.get(key) ?? 0
      // What was counted before the first reading was not used since.
      const before = this.#before.size === 0 ? now : (this.#before.get(key) ?? 0)
      mostS = Math.max(mostS, (now - before) / perS)
    }
    return mostS
  }
}

/** `io.max` of all groups up to the root, each of which binds, and `io.stat` of the group itself. */
export function diskFilesV2(files: KernelFiles, dir: string, levels: readonly string[]): DiskFiles {
  const stat = files.open(`${dir}/io.stat`)
  const max = levels.map((level) => files.open(`${level}/io.max`))
  return {
    limits() {
      const limits = new Map<string, number>()
      for (const file of max) {
        for (const [key, perS] of pairs(file?.text() ?? '')) lower(limits, key, perS)
      }
      return limits
    },
    counts: () => pairs(stat?.text() ?? '', statNames),
    close() {
      stat?.close()
      for (const file of max) file?.close()
    },
  }
}

/** Files of a v1 group that hold limits, a device and a number a line; and what they limit. */
const limitFilesV1 = {
  rbps: 'blkio.throttle.read_bps_device',
  wbps: 'blkio.throttle.write_bps_device',
  riops: 'blkio.throttle.read_iops_device',
  wiops: 'blkio.throttle.write_iops_device',
} as const satisfies Record<Way, string>

/** Files of a v1 group that count, a device, a direction and a number a line. */
const countFilesV1 = [
  ['blkio.throttle.io_service_bytes_recursive', 'bps'],
  ['blkio.throttle.io_serviced_recursive', 'iops'],
] as const

/** The `blkio` files of v1, which count only devices that are limited, and only unbuffered writes. */
export function diskFilesV1(files: KernelFiles, dir: string, levels: readonly string[]): DiskFiles {
  const limitFiles = levels.flatMap((level) =>
    ways.map((way) => [way, files.open(`${level}/${limitFilesV1[way]}`)] as const),
  )
  const countFiles = countFilesV1.map(
    ([name, unit]) => [unit, files.open(`${dir}/${name}`)] as const,
  )
  return {
    limits() {
      const limits = new Map<string, number>()
      for (const [way, file] of limitFiles) {
        for (const [, device, perS] of (file?.text() ?? '').matchAll(/^(\d+:\d+) (\d+)$/gm)) {
          lower(limits, `${device} ${way}`, Number(perS))
        }
      }
      return limits
    },
    counts() {
      const counts = new Map<string, number>()
      for (const [unit, file] of countFiles) {
        const lines = (file?.text() ?? '').matchAll(/^(\d+:\d+) (Read|Write) (\d+)$/gm)
        for (const [, device, direction, count] of lines) {
          counts.set(`${device} ${direction === 'Read' ? 'r' : 'w'}${unit}`, Number(count))
        }
      }
      return counts
    },
    close() {
      for (const [, file] of limitFiles) file?.close()
      for (const [, file] of countFiles) file?.close()
    },
  }
}

/** How `io.stat` names what `io.max` limits. */
const statNames: Readonly<Record<string, Way>> = {
  rbytes: 'rbps',
  wbytes: 'wbps',
  rios: 'riops',
  wios: 'wiops',
}

/** Reads lines such as `254:0 rbps=1048576 wbps=max riops=max wiops=max`; `max` is no number. */
function pairs(text: string, names: Readonly<Record<string, Way>> = {}): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [device, ...words] = line.split(' ')
    for (const word of words) {
      const at = word.indexOf('=')
      const name = word.slice(0, at)
      const value = soleNumber(word.slice(at + 1))
      if (value !== undefined) found.set(`${device} ${names[name] ?? name}`, value)
    }
  }
  return found
}

function lower(limits: Map<string, number>, key: string, perS: number): void {
  if (perS > 0) limits.set(key, Math.min(perS, limits.get(key) ?? perS))
}

/** Bytes a second of the device that may carry least, reading and writing together as far as limited. */
function leastBytesPerS(limits: ByWay): number | undefined {
  const byDevice = new Map<string, number>()
  for (const [key, perS] of limits) {
    const [device = '', way] = key.split(' ')
    if (way === 'rbps' || way === 'wbps') byDevice.set(device, (byDevice.get(device) ?? 0) + perS)
  }
  return byDevice.size === 0 ? undefined : Math.min(...byDevice.values())
}
