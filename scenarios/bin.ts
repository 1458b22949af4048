#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { compareCommand } from './commands/compare.ts'
import { downCommand } from './commands/down.ts'
import { driveCommand } from './commands/drive.ts'
import { faultCommand } from './commands/fault.ts'
import { listCommand } from './commands/list.ts'
import { logsCommand } from './commands/logs.ts'
import { psCommand } from './commands/ps.ts'
import { replayCommand } from './commands/replay.ts'
import { reportCommand } from './commands/report.ts'
import { runCommand } from './commands/run.ts'
import { simulateCommand } from './commands/simulate.ts'
import { upCommand } from './commands/up.ts'

const examples = `
Examples:
  $ equipoise-bench up
  $ equipoise-bench compare --cpu 0.25,0.5,1
  $ equipoise-bench report results/2026-11-21T12-00-00
  $ equipoise-bench list`

const program = new Command('equipoise-bench')
  .description('Brings up fleets of real nodes and compares strategies on them.')
  .version(version(), '--version', 'print the version')
  .helpOption('--help', 'print this help')
  .helpCommand(false)
  .addHelpText('after', examples)
for (const make of [
  upCommand,
  psCommand,
  logsCommand,
  faultCommand,
  downCommand,
  driveCommand,
  runCommand,
  compareCommand,
  reportCommand,
  simulateCommand,
  replayCommand,
  listCommand,
]) {
  program.addCommand(make())
}
for (const command of [program, ...program.commands]) {
  command
    .helpOption('--help', 'print this help')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    const [line] = (error instanceof Error ? error.message : String(error)).split('\n')
    process.stderr.write(`equipoise-bench: ${line}\n`)
    process.exitCode = 1
  }
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { version: found }: { version: string } = JSON.parse(text)
  return found
}
