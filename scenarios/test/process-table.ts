import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

/** Why a test that looks at other processes cannot run here; false where it can. */
export const noProcessTable: string | false = existsSync('/proc/self/stat')
  ? false
  : 'there is no /proc to see processes in'

/** Every process below one, at this moment. */
export async function descendants(root: number): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  const parents = new Map(
    await Promise.all(pids.map(async (pid) => [pid, await parentOf(pid)] as const)),
  )
  const isBelow = (pid: number): boolean => {
    const parent = parents.get(pid) ?? null
    return parent !== null && (parent === root || isBelow(parent))
  }
  return pids.filter(isBelow)
}

/** Those of the processes that still run. */
export async function running(pids: readonly number[]): Promise<readonly number[]> {
  const parents = await Promise.all(pids.map(parentOf))
  return pids.filter((_, i) => parents[i] !== null)
}

/** The words of its command line; empty when there is no such process. */
export async function commandLine(pid: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return text.split('\0').slice(0, -1)
}

/** Its parent's process id; null when there is no such process, or only its remains. */
async function parentOf(pid: number): Promise<number | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? null : Number(parent)
  } catch {
    return null // It has ended.
  }
}
