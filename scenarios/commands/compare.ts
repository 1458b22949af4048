import { Command } from 'commander'
import { benchDefaults, parseCompare } from '../config.ts'
import { flagsOf, withBenchFlags } from './bench-flags.ts'
import { perform } from './perform.ts'

const examples = `
Examples:
  $ equipoise-bench compare
  $ equipoise-bench compare --strategies all --duration 20s --repeats 5
  $ equipoise-bench compare --strategies least-connection,state-space --cpu 0.15,0.3,0.45,0.6
  $ equipoise-bench compare --target haproxy=http://127.0.0.1:8080 --target http://127.0.0.1:8545

Without a flag it takes about three minutes.`

/** `equipoise-bench compare`: the same calls to each strategy, repeated, in shuffled order. */
export function compareCommand(): Command {
  const command = new Command('compare')
    .description('the same calls to several strategies, repeated, with intervals')
    .option(
      '--strategies <name,…>',
      `what to compare, or all (default: ${benchDefaults.strategies})`,
    )
    .option('--baseline <name>', 'what the others are compared with (default: least-connection)')
    .option('--repeats <n>', `trials of each (default: ${benchDefaults.repeats})`)
  return withBenchFlags(command)
    .addHelpText('after', examples)
    .action(async () => {
      process.exitCode = await perform(() => parseCompare(flagsOf(command)), process.argv.slice(2))
    })
}
