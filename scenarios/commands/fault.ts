import { Command } from 'commander'
import { orderFault } from '../control/client.ts'
import { type FaultOrder, faultKinds } from '../control/messages.ts'
import { placeOf } from '../control/place.ts'
import { FlagReader } from '../flags.ts'
import { performOrder } from './perform-order.ts'
import { nameOption, parseName } from './stack-name.ts'

const examples = `
What:
  kill       kill -9; start brings it back
  stop       it stands still: connections stay open, no answer
  lag        it gets no more blocks and says that all is well (geth, docker)
  slow-disk  so many reads a second at most, and nothing read stays in memory (geth, docker; root)
  cpu-hog    processes inside its control group take a share of its quota (root)
  reorg      it builds blocks that replace the last ones, on all nodes (geth, docker)
  start      undoes all that was done to it

Examples:
  $ equipoise-bench fault kill geth-2
  $ equipoise-bench fault start geth-2
  $ equipoise-bench fault cpu-hog geth-1 --share 0.65 --for 20s
  $ equipoise-bench fault slow-disk geth-1 --reads 60 --for 30s
  $ equipoise-bench fault reorg geth-1 --depth 3`

/** `equipoise-bench fault`: does something to a node of a running stack on purpose. */
export function faultCommand(): Command {
  const command = new Command('fault')
    .description('do something to a node of a running stack on purpose, or undo it')
    .argument('<what>', [...faultKinds, 'start'].join(', '))
    .argument('<node>', 'the id of a node, as ps shows it')
    .option('--for <TIME>', 'undo it after this time, such as 20s')
    .option('--depth <N>', 'reorg: how many blocks are replaced', '2')
    .option('--share <X>', 'cpu-hog: share of the quota that it takes', '0.65')
    .option('--reads <N>', 'slow-disk: reads a second', '60')
    .addOption(nameOption())
    .addHelpText('after', examples)
    .action(async (what: string, node: string) => {
      const flags = command.opts()
      const name = String(flags['name'])
      process.exitCode = await performOrder(name, async () => {
        const order = parse(what, node, name, flags)
        process.stdout.write(`${await orderFault(placeOf(name), order)}\n`)
      })
    })
  return command
}

/** @throws UsageError with all that is wrong */
function parse(
  what: string,
  node: string,
  name: string,
  flags: Record<string, unknown>,
): FaultOrder {
  const reader = new FlagReader()
  parseName(reader, name)
  const kinds = [...faultKinds, 'start'] as const
  const known = reader.oneOf('fault', what, kinds)
  const time = flags['for']
  const order = {
    kind: kinds.find((kind) => kind === known) ?? 'start',
    node,
    forMs: time === undefined ? null : reader.durationMs('--for', String(time), 100),
    depth: reader.whole('--depth', String(flags['depth']), 1, 31),
    share: reader.number('--share', String(flags['share']), 0.01, 1),
    readsPerSecond: reader.whole('--reads', String(flags['reads']), 1, 1e6),
  }
  if (order.forMs !== null && (order.kind === 'start' || order.kind === 'reorg')) {
    reader.refuse(`--for: there is nothing to undo of a ${order.kind}`)
  }
  reader.close()
  return order
}
