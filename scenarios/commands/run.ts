import { Command } from 'commander'
import { benchDefaults, parseRun } from '../config.ts'
import { flagsOf, withBenchFlags } from './bench-flags.ts'
import { perform } from './perform.ts'

const examples = `
Examples:
  $ equipoise-bench run
  $ equipoise-bench run --strategy least-connection --rate 500 --duration 30s
  $ equipoise-bench run --target http://127.0.0.1:8545 --workload light-reads`

/** `equipoise-bench run`: one trial of one strategy, or of an endpoint that runs already. */
export function runCommand(): Command {
  const command = new Command('run')
    .description('one trial of one strategy')
    .option('--strategy <name>', `what to try (default: ${benchDefaults.strategy})`)
  return withBenchFlags(command)
    .addHelpText('after', examples)
    .action(async () => {
      process.exitCode = await perform(parseRun, flagsOf(command))
    })
}
