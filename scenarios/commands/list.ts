import { Command } from 'commander'
import { defaultStrategy, strategyNames } from '../../proxy/index.ts'
import { bold } from '../report/table.ts'
import { workloads } from '../workloads/catalogue.ts'

/** Fleets that can be started, and what they are. */
const fleets: ReadonlyMap<string, string> = new Map([
  [
    'anvil',
    'embedded: real Anvil nodes on one chain, each with a CPU quota where the system allows',
  ],
  ['geth', 'real Geths, driven through their Engine API: takes a geth on the PATH'],
  ['docker', 'the same in containers with limits: takes a Docker daemon of this machine'],
])

/** `equipoise-bench list`: what can be named on the command line. */
export function listCommand(): Command {
  return new Command('list')
    .description('strategies, workloads and fleets that can be named')
    .action(() => {
      process.stdout.write(`${listing(process.stdout.isTTY)}\n`)
    })
}

function listing(isColoured: boolean): string {
  const strategies = strategyNames.map(
    (name) => [name, name === defaultStrategy ? 'the default of the proxy' : ''] as const,
  )
  const sections = [
    ['Strategies', strategies],
    ['Workloads', [...workloads.values()].map(({ name, about }) => [name, about] as const)],
    ['Fleets', [...fleets]],
  ] as const
  return sections
    .map(([title, items]) => {
      const width = Math.max(...items.map(([name]) => name.length))
      const lines = items.map(([name, about]) => `  ${name.padEnd(width)}  ${about}`.trimEnd())
      return [bold(title, { isColoured }), ...lines].join('\n')
    })
    .join('\n\n')
}
