import { existsSync } from 'node:fs'
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

/** This machine does not let us limit a process's CPU; the message says why, in one line. */
export class NoCpuGroups extends Error {
  override readonly name = 'NoCpuGroups'
}

/** A control group with a CPU quota. */
export type CpuGroup = {
  /** Its quota in cores. */
  readonly cpus: number
  /** Its directories, one in each hierarchy it is in. To be removed when its processes have ended. */
  readonly directories: readonly string[]
  /** Puts a process, with all its threads, under the quota. @throws NoCpuGroups */
  add(pid: number): Promise<void>
  /** Gives those in it another quota, or none for null; `cpus` stays. @throws NoCpuGroups */
  limit(cpus: number | null): Promise<void>
}

export type CpuGroupOptions = {
  /** A file name that nothing else on the machine uses. */
  readonly name: string
  /** Cores, such as 0.25; from {@link minCpus}. */
  readonly cpus: number
  /** Where the kernel's tables are. */
  readonly proc?: string
}

/** The kernel takes no quota below 1 ms in a period of 100 ms. */
export const minCpus = 0.01
/** The kernel's default period, and Docker's. */
const periodUs = 100_000

/**
 * Makes a control group with a CPU quota.
 *
 * With cgroup v2, beside our own group, or as near above it as the cpu controller is handed out.
 * With v1, inside our own groups of the cpu, cpuacct and memory hierarchies and, for the sake of
 * its pressure figures, of the v2 tree that stands beside them (which takes processes, but holds no
 * controllers).
 * @throws NoCpuGroups
 */
export async function createCpuGroup(options: CpuGroupOptions): Promise<CpuGroup> {
  const { name, cpus, proc = '/proc' } = options
  const made: string[] = []
  const make = async (parent: string) => {
    const directory = join(parent, name)
    await mkdir(directory)
    made.push(directory)
    return directory
  }
  try {
    const hierarchies = await groupsOf(proc, 'self')
    const withCpu = hierarchies.find(({ controllers }) => controllers.includes('cpu'))
    const v2 = hierarchies.find(({ controllers }) => controllers.length === 0)
    if (withCpu !== undefined) {
      const directory = await make(withCpu.directory)
      await writeFile(join(directory, 'cpu.cfs_period_us'), String(periodUs))
      for (const beside of besides(hierarchies, withCpu)) await make(beside.directory)
    } else if (v2 !== undefined) {
      await make(await nearestWithCpu(v2))
    } else throw new NoCpuGroups('no cgroup file system is mounted')
    await limit(made[0] ?? '', cpus)
  } catch (error) {
    for (const directory of made) await rmdir(directory)
    throw inWords(error)
  }
  return {
    cpus,
    directories: made,
    add: (pid) => enter(made, pid),
    limit: (to) => limit(made[0] ?? '', to),
  }
}

/** @param directory the group's in the hierarchy of the cpu controller */
async function limit(directory: string, cpus: number | null): Promise<void> {
  const quotaUs = cpus === null ? null : Math.round(cpus * periodUs)
  const v1File = join(directory, 'cpu.cfs_quota_us')
  try {
    if (existsSync(join(directory, 'cpu.cfs_period_us'))) {
      await writeFile(v1File, String(quotaUs ?? -1))
    } else await writeFile(join(directory, 'cpu.max'), `${quotaUs ?? 'max'} ${periodUs}`)
  } catch (error) {
    throw inWords(error)
  }
}

async function enter(directories: readonly string[], pid: number): Promise<void> {
  for (const directory of directories) {
    try {
      await writeFile(join(directory, 'cgroup.procs'), String(pid))
    } catch (error) {
      throw inWords(error)
    }
  }
}

/** One mounted hierarchy: `controllers` is empty for v2. */
type Hierarchy = {
  readonly controllers: readonly string[]
  readonly mountPoint: string
  /** The process's group in it. */
  readonly directory: string
}

/**
 * The directories of a process's groups in the hierarchies of `controllers`, the v2 tree among them.
 * @throws Error when there is no such process
 */
export async function groupDirectories(
  pid: number,
  controllers: readonly string[],
): Promise<readonly string[]> {
  const hierarchies = await groupsOf('/proc', pid)
  return hierarchies
    .filter((one) => one.controllers.length === 0 || hasAny(one.controllers, controllers))
    .map(({ directory }) => directory)
}

function hasAny(all: readonly string[], wanted: readonly string[]): boolean {
  return wanted.some((name) => all.includes(name))
}

/** The hierarchies in which a process's group can be seen. */
async function groupsOf(proc: string, pid: number | 'self'): Promise<readonly Hierarchy[]> {
  const groups = (await readFile(join(proc, `${pid}/cgroup`), 'utf8')).trim().split('\n')
  const paths = new Map(
    groups.map((line) => {
      const [, controllers = '', ...path] = line.split(':')
      return [controllers, path.join(':')]
    }),
  )
  const mounts = (await readFile(join(proc, 'self/mountinfo'), 'utf8')).trim().split('\n')
  return mounts.flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const [, , , root = '/', mountPoint = ''] = before.split(' ')
    const [type, , options = ''] = after.split(' ')
    if (type !== 'cgroup' && type !== 'cgroup2') return []
    const flags = options.split(',')
    for (const [names, path] of paths) {
      const controllers = names === '' ? [] : names.split(',')
      const isIt = type === 'cgroup2' ? names === '' : flags.includes(controllers[0] ?? '')
      if (!isIt || (type === 'cgroup' && names === '')) continue
      return [{ controllers, mountPoint, directory: resolve(join(mountPoint, below(root, path))) }]
    }
    return []
  })
}

/** A group's path as seen from a mount that shows only what is below `root`. */
function below(root: string, path: string): string {
  if (root === '/') return path
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : '/'
}

/** The other hierarchies a node's group is in: for its memory, CPU time and pressure figures. */
function besides(hierarchies: readonly Hierarchy[], withCpu: Hierarchy): readonly Hierarchy[] {
  return hierarchies.filter(
    (one) =>
      one !== withCpu &&
      (one.controllers.length === 0 ||
        one.controllers.includes('cpuacct') ||
        one.controllers.includes('memory')),
  )
}

/** @throws NoCpuGroups when the cpu controller is handed out nowhere above us */
async function nearestWithCpu(v2: Hierarchy): Promise<string> {
  let directory = v2.directory
  while (true) {
    const handedOut = await readFile(join(directory, 'cgroup.subtree_control'), 'utf8')
    if (handedOut.split(/\s+/).includes('cpu')) return directory
    if (directory === v2.mountPoint) break
    directory = dirname(directory)
  }
  // Only the root may hand out controllers and hold processes at once.
  const has = (await readFile(join(directory, 'cgroup.controllers'), 'utf8')).trim().split(/\s+/)
  if (!has.includes('cpu')) throw new NoCpuGroups('the cpu controller is not at hand')
  const wanted = ['cpu', 'memory'].filter((controller) => has.includes(controller))
  const control = wanted.map((controller) => `+${controller}`).join(' ')
  await writeFile(join(directory, 'cgroup.subtree_control'), control)
  return directory
}

function inWords(error: unknown): NoCpuGroups {
  if (error instanceof NoCpuGroups) return error
  const message = error instanceof Error ? error.message : String(error)
  return new NoCpuGroups(message, { cause: error })
}
