#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { messageOf } from '../bench.ts'
import { perform } from '../commands/perform.ts'
import { renderAgain } from '../commands/report.ts'
import { parseCompare } from '../config.ts'
import { UsageError } from '../flags.ts'
import { gethBinary } from '../fleets/geth/binary.ts'
import { profiles } from '../stand/profiles.ts'
import { compareFlags, type PolicyFlags, policyDefaults } from './flags.ts'

const about = [...profiles.values()].map(({ name, about: words }) => `  ${name}: ${words}`)
const program = new Command('bench:policy')
  .description(
    `Strategies on real nodes under CPU quotas, through the real proxy: equipoise-bench compare with the flags that strategies are decided with. Takes Linux and root; on Geths, or on Anvils where there is no geth.\n\nProfiles:\n${about.join('\n')}`,
  )
  .option('--profile <LIST>', 'conditions', policyDefaults.profile)
  .option(
    '--client <NAME>',
    'what the nodes are, geth or anvil',
    gethBinary() === null ? 'anvil' : 'geth',
  )
  .option('--load <LIST>', 'shares of the capacity', policyDefaults.load)
  .option('--seeds <N|A-B>', 'seeds 1 to N, or A to B', policyDefaults.seeds)
  .option('--seconds <N>', 'measured time of a slot', policyDefaults.seconds)
  .option('--warmup <N>', 'seconds of the same load before it', policyDefaults.warmup)
  .option(
    '--strategies <LIST>',
    'names, with parts as state-space:hold=off',
    policyDefaults.strategies,
  )
  .option('--baseline <NAME>', 'what the others are compared with')
  .option('--foreign <CORES>', 'drop slots with more foreign CPU', policyDefaults.foreign)
  .option('--late <MS>', 'drop slots with 1 % of calls sent later than this', policyDefaults.late)
  .option('--drops <N>', 'leave a slot for the next time after so many drops', policyDefaults.drops)
  .option('--once', 'end after one seed of one profile and load')
  .option('--budget <TIME>', 'begin no slot that would end after this, such as 110s')
  .option('--resume', 'go on with what the folder holds')
  .option('--report', 'measure nothing, report what the folder holds')
  .option('--out <DIR>', 'results and reports', policyDefaults.out)
  .helpOption('--help', 'print this help')
  .addHelpText(
    'after',
    `
Examples:
  $ npm run bench:policy -- --profile hetero --seeds 3
  $ npm run bench:policy -- --once --resume --out results/policy
  $ npm run bench:policy -- --strategies weighted-least-connection,state-space,state-space:hold=off
  $ npm run bench:policy -- --report --out results/policy`,
  )
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })

try {
  program.parse()
  const flags = program.opts<PolicyFlags & { readonly report?: boolean }>()
  process.exitCode =
    flags.report === true
      ? await renderAgain([flags.out], {})
      : await perform(parseCompare, compareFlags(flags), 'npm run bench:policy --')
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`${error instanceof UsageError ? error.message : messageOf(error)}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}
