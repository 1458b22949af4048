import { setTimeout as pause } from 'node:timers/promises'
import { Command } from 'commander'
import { NoStack, nodeLog } from '../control/client.ts'
import { placeOf } from '../control/place.ts'
import { FlagReader } from '../flags.ts'
import { performOrder } from './perform-order.ts'
import { nameOption, parseName } from './stack-name.ts'

const followEveryMs = 500
const mostLines = 500

const examples = `
Examples:
  $ equipoise-bench logs geth-1
  $ equipoise-bench logs geth-1 --lines 20 --follow`

/** `equipoise-bench logs NODE`: what a node of a running stack has said. */
export function logsCommand(): Command {
  const command = new Command('logs')
    .description('what a node has said, its last 500 lines at most')
    .argument('<node>', 'the id of a node, as ps shows it')
    .option('--lines <N>', 'how many of the last lines', '100')
    .option('--follow', 'go on as it says more, until Ctrl-C or until the stack ends')
    .addOption(nameOption())
    .addHelpText('after', examples)
    .action(async (node: string) => {
      const name = String(command.opts()['name'])
      process.exitCode = await performOrder(name, () => show(node, name, command.opts()))
    })
  return command
}

async function show(node: string, name: string, flags: Record<string, unknown>): Promise<void> {
  const reader = new FlagReader()
  parseName(reader, name)
  const lines = reader.whole('--lines', String(flags['lines']), 0, mostLines)
  reader.close()
  const folder = placeOf(name)
  let { next } = print(await nodeLog(folder, node, { last: lines }))
  while (flags['follow'] === true) {
    await pause(followEveryMs)
    try {
      next = print(await nodeLog(folder, node, { from: next })).next
    } catch (error) {
      if (error instanceof NoStack) return // It has ended, and so has its log.
      throw error
    }
  }
}

function print<Part extends { readonly lines: readonly string[] }>(part: Part): Part {
  for (const line of part.lines) process.stdout.write(`${line}\n`)
  return part
}
