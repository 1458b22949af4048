#!/usr/bin/env node
import { styleText } from 'node:util'
import { Command, CommanderError, Option } from 'commander'
import { type Agent, createAgent } from './agent.ts'
import { type AgentConfig, ConfigError, defaults, type Flags, parseFlags } from './config.ts'
import { mountedAccount } from './containers/kubernetes-api.ts'
import { dockerSocket } from './selection.ts'
import { sourceModes } from './sources/machine.ts'
import { packageVersion } from './version.ts'

const examples = `
Examples:
  $ equipoise-agent --label equipoise.enable=true
  $ equipoise-agent --container geth-1 --container geth-2
  $ equipoise-agent --pid geth-1=4242 --pid geth-2=4243
  $ equipoise-agent --pid geth-1=/run/geth-1.pid --network-mbps geth-1=1000
  $ equipoise-agent --pid geth-1=4242 --addr 0.0.0.0 --token-file /etc/equipoise/token
  $ equipoise-agent --pid geth-1=4242 --addr 0.0.0.0 --tls.cert a.pem --tls.key a.key --tls.ca ca.pem
  $ equipoise-agent --pid geth-1=4242 --push https://proxy.example:8550 --push.token-file token
  $ curl -N http://127.0.0.1:8560/v1/stream

Containers that start, stop, are renamed or made anew are followed. A pid file is read again when it
is written, so that a restarted node is found again.
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
        '--container <name>',
        'watch a container, by its name or the first 12 or more digits of its id (repeatable)',
        collect,
        [],
      )
      .option(
        '--label <KEY[=VALUE]>',
        'watch every container that bears a label (repeatable)',
        collect,
        [],
      )
      .option(
        '--pid <ID=PID|FILE>',
        'watch a process, or the one a pid file names (repeatable)',
        collect,
        [],
      )
      .addOption(
        new Option('--docker <endpoint>', 'where Docker listens; none asks no engine')
          .default(defaults.docker, `unix://${dockerSocket}`)
          .env('DOCKER_HOST'),
      )
      .option('--kubernetes <node>', 'containers are the pods of this machine of Kubernetes')
      .option(
        '--kubernetes.account <dir>',
        `service account that may list and watch pods (default: ${mountedAccount})`,
      )
      .option('--addr <address>', 'listen on this address', defaults.addr)
      .option('--port <port>', 'listen on this port; 0 takes any free one', String(defaults.port))
      .option('--interval <ms>', 'time between reports', String(defaults.intervalMs))
      .option('--host <name>', 'name of this machine in reports (default: its host name)')
      .option('--token-file <file>', 'readers must show the bearer token in this file')
      .option('--tls.cert <file>', 'speak TLS, with this certificate (PEM)')
      .option('--tls.key <file>', 'its key')
      .option('--tls.ca <file>', 'readers must show a certificate that this authority signed')
      .option('--haproxy-port <port>', "answer HAProxy's agent checks on this port too (none)")
      .option(
        '--push <url>',
        'send reports to this proxy, which cannot reach the agent (repeatable)',
        collect,
        [],
      )
      .option('--push.token-file <file>', 'bearer token to show to it')
      .option('--push.tls.ca <file>', 'the authority that signed its certificate')
      .option('--push.tls.cert <file>', 'certificate to show to it')
      .option('--push.tls.key <file>', 'its key')
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
    const { url, haproxy } = await agent.listen()
    const more = haproxy === undefined ? '' : `equipoise-agent answers HAProxy on ${haproxy}\n`
    process.stdout.write(`equipoise-agent listening on ${url}\n${more}`)
    await ended
    return 0
  } catch (error) {
    say(red(whyNotListening(error, config)))
    return exitCodes.failed
  } finally {
    await agent.close()
  }
}

function whyNotListening(error: unknown, { addr, ...config }: AgentConfig): string {
  const { code, flag = '--port' } = error as { readonly code?: string; readonly flag?: string }
  const port = flag === '--port' ? config.port : config.haproxyPort
  if (code === 'EADDRINUSE')
    return `${flag} ${port}: already in use on ${addr}; choose another, or 0`
  if (code === 'EACCES') return `${flag} ${port}: not allowed; choose one above 1023`
  return `--addr ${addr}: ${error instanceof Error ? error.message : String(error)}`
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

function red(text: string): string {
  return process.stderr.hasColors?.() === true ? styleText('red', text) : text
}

process.exitCode = await run(process.argv.slice(2))
