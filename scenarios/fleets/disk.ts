import { existsSync } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** A whole disk: its number as the kernel's control groups want it, and its file as Docker does. */
export type Disk = { readonly number: string; readonly device: string }

/**
 * The disk that a file lies on; of a partition the whole, for a throttle takes no partition.
 * @throws Error where it is none that this machine knows as a block device, such as tmpfs
 */
export async function diskOf(path: string): Promise<Disk> {
  const { dev } = await stat(path)
  // How Linux packs the two numbers, see makedev(3); both are small here.
  const own = `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`
  const link = join('/sys/dev/block', own)
  if (!existsSync(link)) throw new Error(`${path} lies on no disk whose rate could be limited`)
  const place = await realpath(link)
  const whole = existsSync(join(place, 'partition')) ? dirname(place) : place
  const number = (await readFile(join(whole, 'dev'), 'utf8')).trim()
  return { number, device: `/dev/${basename(whole)}` }
}
