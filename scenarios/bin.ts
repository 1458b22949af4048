#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'

const examples = `
Examples:
  $ equipoise-bench up
  $ equipoise-bench compare --cpu 0.25,0.5,1
  $ equipoise-bench report results/2026-11-21T12-00-00
  $ equipoise-bench list`

const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./commands/up.ts')).upCommand(),
  ps: async () => (await import('./commands/ps.ts')).psCommand(),
  logs: async () => (await import('./commands/logs.ts')).logsCommand(),
  fault: async () => (await import('./commands/fault.ts')).faultCommand(),
  contract: async () => (await import('./commands/contract.ts')).contractCommand(),
  down: async () => (await import('./commands/down.ts')).downCommand(),
  drive: async () => (await import('./commands/drive.ts')).driveCommand(),
  run: async () => (await import('./commands/run.ts')).runCommand(),
  compare: async () => (await import('./commands/compare.ts')).compareCommand(),
  report: async () => (await import('./commands/report.ts')).reportCommand(),
  simulate: async () => (await import('./commands/simulate.ts')).simulateCommand(),
  replay: async () => (await import('./commands/replay.ts')).replayCommand(),
  list: async () => (await import('./commands/list.ts')).listCommand(),
}

const program = new Command('equipoise-bench')
  .description('Brings up fleets of real nodes and compares strategies on them.')
  .version(version(), '--version', 'print the version')
  .helpOption('--help', 'print this help')
  .helpCommand(false)
  .addHelpText('after', examples)
// A command loads what it needs, which for some is a second's work; only the list of all loads all.
const asked = process.argv[2] ?? ''
for (const [name, make] of Object.entries(commands)) {
  if (!Object.hasOwn(commands, asked) || name === asked) program.addCommand(await make())
}
for (const command of [program, ...program.commands.flatMap((one) => [one, ...one.commands])]) {
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
