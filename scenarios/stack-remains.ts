import { readFile, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { heldFile, startTicks } from './reaper.ts'

const removeTries = 50
const removeEveryMs = 20

/**
 * Ends and removes what a stack left whose process and reaper were both killed: processes, control
 * groups, and its folder. A process is known by its id and when it began, so none that came later is
 * ended in its place.
 * @returns one line for each process that was ended
 * @throws Error when a control group cannot be removed
 */
export async function clearRemains(folder: string): Promise<readonly string[]> {
  const { pids, groups } = await held(folder)
  const ended: string[] = []
  for (const [pid, ticks] of pids) {
    if (ticks === null || startTicks(pid) !== ticks) continue
    if (killed(pid)) ended.push(`process ${pid}`)
  }
  for (const group of groups) await removeGroup(group)
  await rm(folder, { recursive: true, force: true })
  return ended
}

/** False when it ended in between. */
function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    throw error
  }
}

type Held = { readonly pids: ReadonlyMap<number, number | null>; readonly groups: Set<string> }

async function held(folder: string): Promise<Held> {
  const pids = new Map<number, number | null>()
  const groups = new Set<string>()
  for (const line of await linesOf(join(folder, heldFile))) {
    const [verb, what = '', ticks] = line.split(' ')
    if (verb === '+pid') pids.set(Number(what), ticks === '-' ? null : Number(ticks))
    else if (verb === '-pid') pids.delete(Number(what))
    else if (verb === '+group') groups.add(what)
    else if (verb === '-group') groups.delete(what)
  }
  return { pids, groups }
}

async function linesOf(file: string): Promise<readonly string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n')
  } catch (error) {
    if (isMissing(error)) return [] // It watched nothing yet.
    throw error
  }
}

/** A group can be removed once the last of its processes is gone. */
async function removeGroup(directory: string): Promise<void> {
  for (let left = removeTries; ; left -= 1) {
    try {
      return await rmdir(directory)
    } catch (error) {
      if (isMissing(error)) return
      if (left === 0) throw error
      await pause(removeEveryMs)
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
