import { type Command, Option } from 'commander'
import { type BenchFlags, benchDefaults } from '../config.ts'
import { workloads } from '../workloads/catalogue.ts'

/** Adds the flags that `run` and `compare` share. Values stay text; `config.ts` checks them all at once. */
export function withBenchFlags(command: Command): Command {
  const names = [...workloads.keys()].join(' or ')
  return command
    .option('--workload <name>', `calls to make: ${names} (default: ${benchDefaults.workload})`)
    .option('--rate <calls/s>', `mean arrivals a second (default: ${benchDefaults.rate})`)
    .option('--duration <time>', `measured time of a trial (default: ${benchDefaults.duration})`)
    .option('--warmup <time>', `load before it, not measured (default: ${benchDefaults.warmup})`)
    .option('--seed <n>', `draws arrivals, arguments and order (default: ${benchDefaults.seed})`)
    .option('--nodes <n>', `nodes to start (default: ${benchDefaults.nodes})`)
    .option(
      '--cpu <cores,…>',
      `CPU quota of each node, or none (default: ${benchDefaults.cpu} for ${benchDefaults.nodes} nodes)`,
    )
    .addOption(
      new Option(
        '--target <[name=]url>',
        'load an endpoint that runs already; repeatable, starts no fleet',
      ).argParser((value: string, before: readonly string[] | undefined) => [
        ...(before ?? []),
        value,
      ]),
    )
    .option(
      '--max-in-flight <n>',
      `calls under way at once (default: ${benchDefaults.maxInFlight})`,
    )
    .option('--timeout <time>', `a call has failed after it (default: ${benchDefaults.timeout})`)
    .option('--saturate', 'measure also the most answers a second, by autocannon')
    .option('--out <folder>', 'where the report goes (default: results/TIME)')
}

/** The flags as commander leaves them. */
export function flagsOf(command: Command): BenchFlags {
  return command.opts<BenchFlags>()
}
