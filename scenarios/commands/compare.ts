import { Command } from 'commander'
import { benchDefaults, parseCompare } from '../config.ts'
import { flagsOf, repeatable, withBenchFlags } from './bench-flags.ts'
import { perform } from './perform.ts'

const examples = `
Examples:
  $ equipoise-bench compare
  $ equipoise-bench compare --strategies all --duration 20s --repeats 5
  $ equipoise-bench compare --fleet geth --profile hetero,neighbour --strategies all --resume results/geth
  $ equipoise-bench compare --profile hetero --load 0.5,0.7,0.85,0.95 --budget 20m
  $ equipoise-bench compare --strategies least-connection,state-space --haproxy
  $ equipoise-bench compare --target haproxy=http://127.0.0.1:8080 --target http://127.0.0.1:8545
  $ equipoise-bench compare --fail-if 'p99(state-space) > 1.05 * p99(least-connection)'

Without a flag it takes less than three minutes.`

/** `equipoise-bench compare`: the same calls to each strategy, repeated, in shuffled order. */
export function compareCommand(): Command {
  const command = new Command('compare')
    .description('the same calls to several strategies, repeated, with intervals')
    .option(
      '--strategies <name,…>',
      `what to compare, or all; with parts as state-space:hold=off (default: ${benchDefaults.strategies})`,
    )
    .option('--baseline <name>', 'what the others are compared with (default: least-connection)')
    .option('--haproxy', "compare HAProxy's leastconn on the same nodes too")
    .option('--repeats <n>', `trials of each (default: ${benchDefaults.repeats})`)
    .option(
      '--budget <time>',
      'begin no trial that would end later; without --repeats it sets them',
    )
    .option('--once', 'end after one repeat under one condition')
    .option('--resume <folder>', 'go on with what the folder holds, or begin there')
    .option(
      '--p99-limit <time>',
      `tell the highest load with a p99 below it (default: ${benchDefaults.p99Limit})`,
    )
    .addOption(
      repeatable(
        '--fail-if <condition>',
        'exit code 3 where it holds, such as "p99(a) > 1.05 * p99(b)"',
      ),
    )
  return withBenchFlags(command)
    .addHelpText('after', examples)
    .action(async () => {
      process.exitCode = await perform(parseCompare, flagsOf(command))
    })
}
