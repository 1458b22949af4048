import { spawn } from 'node:child_process'
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { UpOptions } from '../commands/up-flags.ts'
import { NoStack, stackState } from '../control/client.ts'
import { placeOf } from '../control/place.ts'
import { holdUp } from './hold.ts'

const bin = join(import.meta.dirname, '../bin.ts')
const pollMs = 100

/**
 * Starts `up` in the background and shows what it says until it is up.
 * @param args its command line, with `--detach` in it
 * @returns exit code 0 once it is up, or its own when it ends before
 */
export async function detachUp(options: UpOptions, args: readonly string[]): Promise<number> {
  const { name } = options
  // What is up has its own log, and holdUp only says that it is.
  if (await isUp(name)) return await holdUp(options)
  const file = `${placeOf(name)}.log`
  const log = await open(file, 'w', 0o600)
  const child = spawn(process.execPath, [bin, ...args.filter((word) => word !== '--detach')], {
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
    detached: true,
  })
  await log.close()
  const up = new Promise<null>((resolve) => child.once('message', () => resolve(null)))
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
  let shown = 0
  const show = async (): Promise<void> => {
    const text = await readFile(file, 'utf8')
    process.stdout.write(text.slice(shown))
    shown = text.length
  }
  let outcome: number | null | undefined
  while (outcome === undefined) {
    outcome = await Promise.race([up, ended, pause(pollMs, undefined)])
    await show()
  }
  if (outcome !== null) {
    await rm(file)
    return outcome
  }
  child.unref()
  process.stdout.write(
    `It runs in the background, as process ${child.pid}: equipoise-bench down ends it.\n`,
  )
  return 0
}

async function isUp(name: string): Promise<boolean> {
  try {
    await stackState(placeOf(name))
    return true
  } catch (error) {
    if (error instanceof NoStack) return false
    throw error
  }
}
