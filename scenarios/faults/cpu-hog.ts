import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { groupDirectories } from '../cgroup.ts'
import type { Reaper } from '../reaper.ts'

export type CpuHogOptions = {
  /** Of the node whose quota is to be eaten. */
  readonly pid: number
  /** Cores to take, above 0. */
  readonly cores: number
  readonly reaper: Reaper
}

/** Of its bursts, as `neighbour-process.ts` has it. */
const periodMs = 10

/** Processes inside a node's control group, so that they eat of its quota. */
export class CpuHog {
  readonly #children: readonly ChildProcess[]

  private constructor(children: readonly ChildProcess[]) {
    this.#children = children
  }

  /** @throws Error when they cannot be put into the node's group, which takes root */
  static async start({ pid, cores, reaper }: CpuHogOptions): Promise<CpuHog> {
    const count = Math.ceil(cores)
    const children = Array.from({ length: count }, () => startProcess(reaper))
    const hog = new CpuHog(children)
    try {
      const groups = await groupDirectories(pid, ['cpu', 'cpuacct', 'cpuset'])
      for (const child of children) {
        await once(child, 'message')
        for (const group of groups) {
          await writeFile(join(group, 'cgroup.procs'), String(child.pid))
        }
        child.send((cores / count) * periodMs)
      }
      return hog
    } catch (error) {
      await hog.close()
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`a hog cannot be put into the node's control group: ${why}`, { cause: error })
    }
  }

  /** Ends them. Resolves when they are out of the group. */
  async close(): Promise<void> {
    await Promise.all(this.#children.map(end))
  }
}

function startProcess(reaper: Reaper): ChildProcess {
  const child = fork(new URL('../stand/neighbour-process.ts', import.meta.url), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    detached: true,
  })
  const { pid } = child
  if (pid !== undefined) reaper.watch(pid)
  child.once('exit', () => {
    if (pid !== undefined) reaper.unwatch(pid)
  })
  return child
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
