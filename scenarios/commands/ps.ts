import { Command } from 'commander'
import { NoStack, stackState } from '../control/client.ts'
import type { StackState } from '../control/messages.ts'
import { placeOf, takenNames } from '../control/place.ts'
import { renderTable } from '../report/table.ts'

/** `equipoise-bench ps`: the stacks that are up on this machine, and their nodes. */
export function psCommand(): Command {
  return new Command('ps')
    .description('stacks that are up, and their nodes')
    .addHelpText('after', '\nExamples:\n  $ equipoise-bench ps')
    .action(async () => {
      const names = await takenNames()
      if (names.length === 0) process.stdout.write('nothing is up\n')
      for (const name of names) process.stdout.write(`${await describe(name)}\n`)
    })
}

async function describe(name: string): Promise<string> {
  try {
    return tableOf(await stackState(placeOf(name)))
  } catch (error) {
    if (!(error instanceof NoStack)) throw error
    return `${name} was killed: equipoise-bench down --name ${name} clears what it left`
  }
}

function tableOf({ name, state, pid, endpoint, nodes }: StackState): string {
  const place = endpoint === null ? '' : `, ${endpoint}`
  const rows = nodes.map((node) => [
    node.id,
    node.pid === null ? 'down' : 'up',
    node.cpus === null ? '–' : String(node.cpus),
    node.pid === null ? '–' : String(node.pid),
    node.url,
    node.faults.join(', '),
  ])
  return renderTable(
    {
      title: `${name}: ${state}, process ${pid}${place}`,
      columns: ['node', 'state', 'cpus', 'pid', 'url', 'faults'],
      rows,
      note: '',
    },
    { isColoured: process.stdout.isTTY },
  )
}
