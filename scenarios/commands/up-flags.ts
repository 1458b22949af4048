import { type Command, Option } from 'commander'
import { defaultStrategy, strategyNames } from '../../proxy/index.ts'
import { FlagReader } from '../flags.ts'
import type { StackOptions } from '../stack.ts'
import { clients } from '../stack-fleet.ts'
import { nameOption, parseName } from './stack-name.ts'

/** What `up` is asked for. */
export type UpOptions = Omit<StackOptions, 'onEvent' | 'folder' | 'steps'> & {
  readonly name: string
}

/** Below it no Geth comes up, and Docker takes no less than 6 MB. */
const minMemoryBytes = 64 * 1024 ** 2
const bytesPerMbit = 125_000

/** Adds the flags of `up`. Values stay text; {@link parseUp} checks them all at once. */
export function withUpFlags(command: Command): Command {
  return command
    .option('--fleet <NAME>', `what the nodes are: ${clients.join(', ')}`, 'anvil')
    .addOption(new Option('--client <NAME>', 'the same as --fleet').hideHelp())
    .option('--nodes <N>', 'how many nodes', '3')
    .option('--block-time <TIME>', 'from one block to the next', '1s')
    .option('--cpus <LIST>', 'CPU quotas in cores, used in turn (Linux, root)', '')
    .addOption(new Option('--cpu <LIST>', 'the same as --cpus').hideHelp())
    .option('--memory <LIST>', 'memory limits such as 512m,1g, used in turn (docker)', '')
    .option('--disk-mbps <LIST>', 'disk rates in megabits a second, used in turn (docker)', '')
    .option('--strategy <NAME>', strategyNames.join(', '), defaultStrategy)
    .option('--http.port <PORT>', 'port for JSON-RPC; 0 takes a free one', '8545')
    .option('--admin.port <PORT>', 'port of dashboard and metrics', '8550')
    .option('--agent.port <PORT>', 'port of the agent', '8560')
    .option('--contracts', 'deploy the demo contracts')
    .addOption(nameOption())
}

/** @throws UsageError with all that is wrong */
export function parseUp(flags: Readonly<Record<string, string | boolean>>): UpOptions {
  const reader = new FlagReader()
  const text = (name: string): string => String(flags[name] ?? '')
  const port = (name: string): number => reader.whole(`--${name}`, text(name), 0, 65_535)
  const list = (name: string): readonly string[] =>
    text(name)
      .split(',')
      .filter((item) => item !== '')
  const fleet = reader.oneOf('--fleet', text('client') || text('fleet'), clients)
  const memoryBytes = list('memory').map((size) => reader.bytes('--memory', size, minMemoryBytes))
  const disks = list('diskMbps').map((rate) => reader.number('--disk-mbps', rate, 1, 1e6))
  if (fleet !== 'docker' && memoryBytes.length + disks.length > 0) {
    reader.refuse('--memory and --disk-mbps: only nodes of --fleet docker have such limits')
  }
  const options = {
    name: parseName(reader, text('name')),
    client: clients.find((name) => name === fleet) ?? 'anvil',
    nodes: reader.whole('--nodes', text('nodes'), 1, 32),
    blockTimeMs: reader.durationMs('--block-time', text('blockTime'), 100),
    cpus: list(text('cpu') === '' ? 'cpus' : 'cpu').map((cores) =>
      reader.number('--cpus', cores, 0.01, 1024),
    ),
    memoryBytes,
    diskBytesPerS: disks.map((mbps) => mbps * bytesPerMbit),
    strategy: reader.oneOf('--strategy', text('strategy'), strategyNames),
    httpPort: port('http.port'),
    adminPort: port('admin.port'),
    agentPort: port('agent.port'),
    contracts: flags['contracts'] === true,
  }
  reader.close()
  return options
}
