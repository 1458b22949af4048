import { rm } from 'node:fs/promises'
import { Command } from 'commander'
import { NoStack, orderEnd } from '../control/client.ts'
import { clearPlace, placeOf } from '../control/place.ts'
import { FlagReader } from '../flags.ts'
import { NoDocker, openDocker } from '../fleets/docker/daemon.ts'
import { removeStack } from '../fleets/docker/remains.ts'
import { performOrder } from './perform-order.ts'
import { nameOption, parseName } from './stack-name.ts'

const examples = `
Examples:
  $ equipoise-bench down
  $ equipoise-bench down --name trial`

/** `equipoise-bench down`: ends a stack that is up, or clears what one left that was killed. */
export function downCommand(): Command {
  const command = new Command('down')
    .description('end what up has started, and clear what it left when it was killed')
    .addOption(nameOption())
    .addHelpText('after', examples)
    .action(async () => {
      const name = String(command.opts()['name'])
      process.exitCode = await performOrder(name, () => down(name))
    })
  return command
}

async function down(name: string): Promise<void> {
  const reader = new FlagReader()
  parseName(reader, name)
  reader.close()
  const ended: string[] = []
  try {
    await orderEnd(placeOf(name))
    ended.push('the running stack')
  } catch (error) {
    if (!(error instanceof NoStack)) throw error // Otherwise it is down, or was killed.
  }
  ended.push(...(await clearPlace(name)), ...(await clearDocker(name)))
  await rm(`${placeOf(name)}.log`, { force: true })
  const what = ended.length === 0 ? 'there was nothing' : ended.join(', ')
  process.stdout.write(`${name} is down: ${what}\n`)
}

/** Containers outlive whoever started them. */
async function clearDocker(name: string): Promise<readonly string[]> {
  try {
    return await removeStack(await openDocker(), name)
  } catch (error) {
    if (error instanceof NoDocker) return [] // No daemon, no containers.
    throw error
  }
}
