#!/usr/bin/env node
import { styleText } from 'node:util'
import { Command, CommanderError } from 'commander'
import { type Agent, createAgent } from './agent.ts'
import { type AgentConfig, ConfigError, defaults, type Flags, parseFlags } from './config.ts'
import { sourceModes } from './sources/machine.ts'
import { packageVersion } from './version.ts'

const examples = `
Examples:
  $ equipoise-agent --pid geth-1=4242 --pid geth-2=4243
  $ equipoise-agent --pid geth-1=/run/geth-1.pid --network-mbps geth-1=1000
  $ equipoise-agent --pid geth-1=4242 --addr 0.0.0.0 --token-file /etc/equipoise/token
  $ curl -N http://127.0.0.1:8560/v1/stream

A pid file is read again when it is written, so that a restarted node is found again.
SIGINT and SIGTERM end the agent. Exit codes: 0 ended, 1 failed, 2 bad usage.`

const exitCodes = { failed: 1, badUsage: 2 } as const

/** Several of one option. */
function collect(word: string, before: readonly string[] = []): readonly string[] {
  return [...before, word]
}

function commandLine(): Command {
  return (
    new Command('equipoise-agent')
      .description(
        'Reports what processes, or the containers around them, have left of the machine.',
      )
      .version(packageVersion(), '--version', 'print the version')
      .helpOption('--help', 'print this help')
      .option(
        '--pid <ID=PID|FILE>',
        'watch a process, or the one a pid file names (repeatable)',
        collect,
        [],
      )
      .option('--addr <address>', 'listen on this address', defaults.addr)
      .option('--port <port>', 'listen on this port; 0 takes any free one', String(defaults.port))
      .option('--interval <ms>', 'time between reports', String(defaults.intervalMs))
      .option('--host <name>', 'name of this machine in reports (default: its host name)')
      .option('--token-file <file>', 'readers must show the bearer token in this file')
      .option(
        '--network-mbps <ID=N>',
        "capacity of a node's network, megabits a second (repeatable)",
        collect,
        [],
      )
      .option(
        '--disk-mbps <ID=N>',
        "capacity of a node's disk, megabits a second (repeatable)",
        collect,
        [],
      )
      .option(
        '--source <name>',
        `where figures come from: ${sourceModes.join(', ')}`,
        defaults.source,
      )
      .option('--proc-root <dir>', 'where /proc is mounted', defaults.procRoot)
      .option('--cgroup-root <dir>', 'where the cgroup trees are mounted', defaults.cgroupRoot)
      .addHelpText('after', examples)
      // Words that are not known are told together with all that is wrong with the others.
      .allowUnknownOption()
      .allowExcessArguments()
      .exitOverride()
      .configureHelp({
        styleTitle: (text) => styleText('bold', text),
        styleOptionText: (text) => styleText('cyan', text),
      })
      .configureOutput({ outputError: (text, write) => write(red(text.replace(/^error: /, ''))) })
  )
}

async function run(words: readonly string[]): Promise<number> {
  const program = commandLine()
  try {
    program.parse(words, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? 0 : exitCodes.badUsage
  }
  try {
    const config = parseFlags(program.opts<Flags>(), program.args)
    return await serve(createAgent({ ...config, log: say }), config)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const problem of error.problems) say(red(problem))
    return exitCodes.badUsage
  }
}

async function serve(agent: Agent, config: AgentConfig): Promise<number> {
  const ended = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  try {
    const { url } = await agent.listen()
    process.stdout.write(`equipoise-agent listening on ${url}\n`)
    await ended
    return 0
  } catch (error) {
    say(red(whyNotListening(error, config)))
    return exitCodes.failed
  } finally {
    await agent.close()
  }
}

function whyNotListening(error: unknown, { addr, port }: AgentConfig): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return `--port ${port}: already in use on ${addr}; choose another, or 0`
  if (code === 'EACCES') return `--port ${port}: not allowed; choose one above 1023`
  return `--addr ${addr}: ${error instanceof Error ? error.message : String(error)}`
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

function red(text: string): string {
  return process.stderr.hasColors?.() === true ? styleText('red', text) : text
}

process.exitCode = await run(process.argv.slice(2))
