import { Command } from 'commander'
import { defaultStrategy, strategyNames } from '../../proxy/index.ts'
import { bold } from '../report/table.ts'
import { profiles } from '../stand/profiles.ts'
import type { StandClient } from '../stand/stand-fleet.ts'
import { workloads } from '../workloads/catalogue.ts'

/** Fleets that can be started, and what they are. */
const fleets: { readonly [client in StandClient]: string } = {
  anvil: 'embedded: real Anvil nodes on one chain, each with a CPU quota where the system allows',
  geth: 'real Geths on one chain, driven through their Engine API; takes a geth',
}

/** `equipoise-bench list`: what can be named on the command line. */
export function listCommand(): Command {
  return new Command('list')
    .description('strategies, workloads, fleets and profiles that can be named')
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
    ['Fleets', Object.entries(fleets)],
    ['Profiles', [...profiles.values()].map(({ name, about }) => [name, about] as const)],
  ] as const
  return sections
    .map(([title, items]) => {
      const width = Math.max(...items.map(([name]) => name.length))
      const lines = items.map(([name, about]) => `  ${name.padEnd(width)}  ${about}`.trimEnd())
      return [bold(title, { isColoured }), ...lines].join('\n')
    })
    .join('\n\n')
}
