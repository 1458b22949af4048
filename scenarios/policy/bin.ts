#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { messageOf } from '../bench.ts'
import { UsageError } from '../flags.ts'
import { gethBinary } from '../fleets/geth/binary.ts'
import { parseTrial, type TrialFlags, trialDefaults } from './options.ts'
import { profiles } from './profiles.ts'
import { writeTrialReport } from './report.ts'
import { trial } from './trial.ts'

const about = [...profiles.values()].map(({ name, about: words }) => `  ${name}: ${words}`)
const program = new Command('bench:policy')
  .description(
    `Strategies on real nodes under CPU quotas, through the real proxy. Takes Linux and root; on Geths, or on Anvils where there is no geth.\n\nProfiles:\n${about.join('\n')}`,
  )
  .option('--profile <LIST>', 'conditions', trialDefaults.profile)
  .option(
    '--client <NAME>',
    'what the nodes are, geth or anvil',
    gethBinary() === null ? 'anvil' : 'geth',
  )
  .option('--load <LIST>', 'shares of the capacity', trialDefaults.load)
  .option('--seeds <N|A-B>', 'seeds 1 to N, or A to B', trialDefaults.seeds)
  .option('--seconds <N>', 'measured time of a slot', trialDefaults.seconds)
  .option('--warmup <N>', 'seconds of the same load before it', trialDefaults.warmup)
  .option(
    '--strategies <LIST>',
    'names, with parts as state-space:hold=off',
    trialDefaults.strategies,
  )
  .option('--baseline <NAME>', 'what the others are compared with')
  .option('--foreign <CORES>', 'drop slots with more foreign CPU', trialDefaults.foreign)
  .option('--late <MS>', 'drop slots with 1 % of calls sent later than this', trialDefaults.late)
  .option('--drops <N>', 'leave a slot for the next time after so many drops', trialDefaults.drops)
  .option('--once', 'end after one seed of one profile and load')
  .option('--budget <TIME>', 'begin no slot that would end after this, such as 110s')
  .option('--resume', 'go on with what the folder holds')
  .option('--report', 'measure nothing, report what the folder holds')
  .option('--out <DIR>', 'slots, capacity and reports', 'results/policy')
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
  process.exitCode = await main(program.opts())
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`${error instanceof UsageError ? error.message : messageOf(error)}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  }
}

type Flags = TrialFlags & { readonly resume?: boolean; readonly report?: boolean }

async function main(flags: Flags): Promise<number> {
  const options = parseTrial(flags)
  const { directory, baseline, mostForeignCores, mostLateMs } = options
  const rule = `a slot with more than ${mostForeignCores} cores of foreign CPU, or 1 % of calls sent more than ${mostLateMs} ms late, is dropped and measured again`
  const isUsed = existsSync(join(directory, 'slots.ndjson'))
  const isReport = flags.report === true
  if (isUsed && flags.resume !== true && !isReport) {
    throw new UsageError([`--out ${directory}: it holds slots already; go on with --resume`])
  }
  if (!isUsed && isReport) throw new UsageError([`--out ${directory}: it holds no slots`])
  let left = 0
  if (!isReport) {
    const stop = new AbortController()
    const onSignal = () => stop.abort(new Error('interrupted; what was measured is kept'))
    process.on('SIGINT', onSignal)
    process.on('SIGTERM', onSignal)
    const tell = (line: string) => process.stderr.write(`${line}\n`)
    if (options.client === 'anvil') tell('on Anvils: what they show is not what Geths show')
    tell(rule)
    left = await trial({ ...options, tell, signal: stop.signal })
  }
  const isColoured = process.stdout.isTTY === true
  process.stdout.write(await writeTrialReport(directory, baseline, rule, isColoured))
  if (left > 0) process.stdout.write(`${left} slots are still to be measured: --resume\n`)
  return 0
}
