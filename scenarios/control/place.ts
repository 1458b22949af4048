import { readFileSync } from 'node:fs'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { clearRemains } from '../stack-remains.ts'
import { NoStack, stackState } from './client.ts'
import type { StackState } from './messages.ts'

/** Names of stacks: they become part of file, container and network names. */
export const namePattern = /^[a-z0-9][a-z0-9-]{0,30}$/

const pollMs = 50
/** A process that holds a place opens its socket at once, and clears up within seconds. */
const patienceMs = 20_000
/** A place without a name in it is one that somebody is just taking, for so long. */
const namelessMs = 2_000

/** A place of one's own, or the stack that has it already. */
export type Claim =
  | { readonly folder: string; readonly cleared: readonly string[] }
  | { readonly running: StackState }

/** The folder of a stack: its socket, its nodes' data, all that its reaper removes. */
export function placeOf(name: string): string {
  return join(tmpdir(), `${prefix()}${name}`)
}

/** Names of the stacks that have a place, running or left over. */
export async function takenNames(): Promise<readonly string[]> {
  const found = await readdir(tmpdir(), { withFileTypes: true })
  return found
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix()))
    .map(({ name }) => name.slice(prefix().length))
    .sort()
}

/**
 * Takes the place of a stack for this process, and clears it first when whoever had it is dead.
 * @throws Error when it is held by a process that says nothing, or by another user
 */
export async function claimPlace(name: string): Promise<Claim> {
  const folder = placeOf(name)
  const cleared: string[] = []
  const beganMs = performance.now()
  for (;;) {
    if (await made(folder)) {
      await writeFile(join(folder, ownerFile), String(process.pid))
      return { folder, cleared }
    }
    const running = await answerOf(folder)
    if (running !== null) return { running }
    const waitedMs = performance.now() - beganMs
    const owner = await ownerOf(folder)
    if (owner === null ? waitedMs > namelessMs : !isAlive(owner)) {
      cleared.push(...(await clearRemains(folder)))
    } else if (waitedMs > patienceMs) {
      throw new Error(`process ${owner} holds ${folder} and says nothing: end it`)
    }
    await pause(pollMs)
  }
}

/**
 * Clears what a stack left whose process is dead. Waits for its reaper, where that is at it.
 * @returns a line for each process that was ended
 * @throws Error when its process lives and does not end in time
 */
export async function clearPlace(name: string): Promise<readonly string[]> {
  const folder = placeOf(name)
  const untilMs = performance.now() + patienceMs
  while (await exists(folder)) {
    const owner = await ownerOf(folder)
    if (owner === null || !isAlive(owner)) return await clearRemains(folder)
    if (performance.now() > untilMs) throw new Error(`process ${owner} does not end`)
    await pause(pollMs)
  }
  return []
}

const ownerFile = 'owner'

function prefix(): string {
  return `equipoise-up-${userInfo().uid}-`
}

async function made(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 })
    return true
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  const { uid } = await stat(folder).catch(() => ({ uid: userInfo().uid })) // Gone in between.
  if (uid !== userInfo().uid) throw new Error(`${folder} is not ours`)
  return false
}

async function answerOf(folder: string): Promise<StackState | null> {
  try {
    return await stackState(folder)
  } catch (error) {
    if (error instanceof NoStack) return null
    throw error
  }
}

async function ownerOf(folder: string): Promise<number | null> {
  const text = await readFile(join(folder, ownerFile), 'utf8').catch(() => '') // Not yet written, or gone.
  return /^\d+$/.test(text) ? Number(text) : null
}

async function exists(folder: string): Promise<boolean> {
  return await stat(folder).then(
    () => true,
    () => false,
  )
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // What has ended and was not yet asked how still takes signals.
    return !isZombie(pid)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')
  } catch {
    return false // It has gone altogether, or there is no `/proc` to see it in.
  }
}
