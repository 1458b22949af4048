import { type Command, Option } from 'commander'
import { type BenchFlags, benchDefaults } from '../config.ts'
import { arrivalShapes } from '../load/arrivals.ts'
import { profiles } from '../stand/profiles.ts'
import { standClients } from '../stand/stand-fleet.ts'
import { workloads } from '../workloads/catalogue.ts'

/** Adds the flags that `run` and `compare` share. Values stay text; `config.ts` checks them all at once. */
export function withBenchFlags(command: Command): Command {
  return command
    .option(
      '--fleet <name>',
      `what the nodes are: ${standClients.join(' or ')} (default: ${benchDefaults.fleet})`,
    )
    .option(
      '--profile <name,…>',
      `conditions of the nodes: ${[...profiles.keys()].join(', ')} (default: unequal; hetero of geth)`,
    )
    .option('--nodes <n>', 'so many nodes in place of a profile')
    .option('--cpu <cores,…>', 'CPU quota of each node in place of a profile, or none')
    .option(
      '--workload <name,…>',
      `calls to make: ${[...workloads.keys()].join(', ')} (default: ${benchDefaults.workload})`,
    )
    .option('--trace <file>', 'replay recorded calls in place of a workload, at their own times')
    .option('--speed <factor>', 'so many times as fast as the trace was (default: 1)')
    .option(
      '--arrivals <shape>',
      `how calls lie in time: ${Object.keys(arrivalShapes).join(', ')} (default: as the workload says)`,
    )
    .option(
      '--load <share,…>',
      `load as a share of the capacity, which is measured first (default: ${benchDefaults.load})`,
    )
    .option('--rate <calls/s>', 'mean arrivals a second in place of --load')
    .option(
      '--transport <name>',
      `how calls go to the proxy: http or ws (default: ${benchDefaults.transport})`,
    )
    .option('--duration <time>', `measured time of a trial (default: ${benchDefaults.duration})`)
    .option('--warmup <time>', `load before it, not measured (default: ${benchDefaults.warmup})`)
    .option('--seed <n>', `draws arrivals, arguments and order (default: ${benchDefaults.seed})`)
    .addOption(
      repeatable('--target <[name=]url>', 'load an endpoint that runs already; starts no fleet'),
    )
    .option(
      '--max-in-flight <n>',
      `calls under way at once, one more has failed (default: ${benchDefaults.maxInFlight})`,
    )
    .option('--timeout <time>', `a call has failed after it (default: ${benchDefaults.timeout})`)
    .option('--saturate', 'measure also the most answers a second, by autocannon')
    .option('--foreign <cores>', 'count no trial with more foreign CPU (default: 6 % of all)')
    .option('--late <ms>', `count no trial sent later at p99 (default: ${benchDefaults.late})`)
    .option('--tries <n>', `make a trial so often at most (default: ${benchDefaults.tries})`)
    .option('--keep-disturbed', 'count the last try in any case, and say so')
    .option('--out <folder>', 'where the report goes (default: results/TIME)')
}

/** A flag that may be given several times. */
export function repeatable(flags: string, about: string): Option {
  return new Option(flags, `${about}; repeatable`).argParser(
    (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
  )
}

/** The flags as commander leaves them. */
export function flagsOf(command: Command): BenchFlags {
  return command.opts<BenchFlags>()
}
