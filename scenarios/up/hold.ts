import { rm } from 'node:fs/promises'
import type { UpOptions } from '../commands/up-flags.ts'
import type { StackState } from '../control/messages.ts'
import { claimPlace } from '../control/place.ts'
import { ControlServer } from '../control/server.ts'
import { StatusLine } from '../status-line.ts'
import { UpSession } from './session.ts'

const statusEveryMs = 1_000

/**
 * Brings a stack up and holds it until a signal, an order to end or until it cannot go on.
 * @returns exit code 0, also when it was up already as asked for; 1 when it failed or is up otherwise
 */
export async function holdUp(options: UpOptions): Promise<number> {
  const { promise: ended, resolve: end } = Promise.withResolvers<number>()
  // A signal while it starts must find a handler too, or it would leave everything behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(0))
  const status = new StatusLine(process.stdout)
  const claim = await claimPlace(options.name)
  if ('running' in claim) return tellRunning(claim.running, options)
  for (const each of claim.cleared) status.say(`removed what an earlier run left: ${each}`)
  const { folder } = claim
  const session = new UpSession(options, (text) => status.say(text), end)
  const control = await ControlServer.open(folder, session)
  let timer: NodeJS.Timeout | undefined
  try {
    const stack = await Promise.race([session.start(folder), ended])
    if (typeof stack === 'number') return stack
    status.say(session.state().welcome)
    process.send?.('up')
    // Nobody watches a stack that runs in the background.
    if (process.send === undefined) {
      status.say('Ctrl-C ends all of it.\n')
      timer = setInterval(() => void status.show(stack.adminUrl), statusEveryMs)
    } else process.disconnect()
    return await ended
  } finally {
    clearInterval(timer)
    status.close()
    await session.close()
    await control.close()
    // Where it did not get so far as to have a reaper.
    await rm(folder, { recursive: true, force: true })
  }
}

/** The settings by which two stacks of one name are told apart. */
export function settingsOf(options: UpOptions): string {
  return JSON.stringify(options)
}

function tellRunning(running: StackState, options: UpOptions): number {
  const { name, pid, state, settings } = running
  if (settings !== settingsOf(options)) {
    const how = `${name} is ${state} with other flags, by process ${pid}`
    const what = 'take it down (equipoise-bench down) or give another --name'
    process.stderr.write(`${how}: ${what}\n`)
    return 1
  }
  process.stdout.write(`${name} is ${state} already, by process ${pid}\n${running.welcome}\n`)
  return 0
}
