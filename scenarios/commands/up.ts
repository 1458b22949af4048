import { Command } from 'commander'
import { defaultStrategy, strategyNames } from '../../proxy/index.ts'
import { FlagReader, UsageError } from '../flags.ts'
import { clients, type Stack, type StackOptions, startStack } from '../stack.ts'
import { StatusLine } from '../status-line.ts'

/** A node that died by itself is started again after this: long enough to be seen missing. */
const restartAfterMs = 3_000
const statusEveryMs = 1_000
const shownAccounts = 3

const examples = `
Examples:
  $ equipoise-bench up
  $ equipoise-bench up --client geth
  $ equipoise-bench up --nodes 4 --cpu 0.25,0.5,1
  $ equipoise-bench up --strategy least-connection --contracts --http.port 9545`

/** `equipoise-bench up`: a fleet, its agent and the proxy, until Ctrl-C. It is `npm start`. */
export function upCommand(): Command {
  const command = new Command('up')
    .description('bring up real nodes on one chain, their agent and the proxy, until Ctrl-C')
    .option('--client <NAME>', `what the nodes are: ${clients.join(' or ')}`, 'anvil')
    .option('--nodes <N>', 'how many nodes', '3')
    .option('--block-time <TIME>', 'from one block to the next', '1s')
    .option('--cpu <LIST>', 'CPU quotas in cores, used in turn (Linux, root)', '')
    .option('--strategy <NAME>', strategyNames.join(', '), defaultStrategy)
    .option('--http.port <PORT>', 'port for JSON-RPC; 0 takes a free one', '8545')
    .option('--admin.port <PORT>', 'port of dashboard and metrics', '8550')
    .option('--agent.port <PORT>', 'port of the agent', '8560')
    .option('--contracts', 'deploy the demo contracts')
    .addHelpText('after', examples)
    .action(async () => {
      try {
        process.exitCode = await up(parse(command.opts()))
      } catch (error) {
        if (!(error instanceof UsageError)) throw error
        process.stderr.write(`${error.message}\n`)
        process.exitCode = 2
      }
    })
  return command
}

type UpOptions = Omit<StackOptions, 'onEvent'>

/** @throws UsageError with all that is wrong */
function parse(flags: Readonly<Record<string, string | boolean>>): UpOptions {
  const reader = new FlagReader()
  const text = (name: string): string => String(flags[name])
  const port = (name: string): number => reader.whole(`--${name}`, text(name), 0, 65_535)
  const client = reader.oneOf('--client', text('client'), clients)
  const options = {
    client: clients.find((name) => name === client) ?? 'anvil',
    nodes: reader.whole('--nodes', text('nodes'), 1, 32),
    blockTimeMs: reader.durationMs('--block-time', text('blockTime'), 100),
    cpus: text('cpu')
      .split(',')
      .filter((cores) => cores !== '')
      .map((cores) => reader.number('--cpu', cores, 0.01, 1024)),
    strategy: reader.oneOf('--strategy', text('strategy'), strategyNames),
    httpPort: port('http.port'),
    adminPort: port('admin.port'),
    agentPort: port('agent.port'),
    contracts: flags['contracts'] === true,
  }
  reader.close()
  return options
}

/** Runs until a signal or until it cannot go on. @returns the exit code */
async function up(options: UpOptions): Promise<number> {
  const { promise: ended, resolve: end } = Promise.withResolvers<number>()
  // A signal while it starts must find a handler too, or it would leave everything behind.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(0))
  const status = new StatusLine(process.stdout)
  const timers = new Set<NodeJS.Timeout>()
  let stack: Stack | null = null
  const startedMs = performance.now()
  status.say('starting nodes, agent and proxy …')
  const starting = startStack({
    ...options,
    onEvent: (event) => {
      status.say(event.text)
      if (event.kind === 'service-died' || event.kind === 'diverged') end(1)
      else if (event.kind === 'node-died' && event.asked !== true && event.id !== undefined) {
        const { id } = event
        status.say(`${id} is started again in ${restartAfterMs / 1000} s`)
        timers.add(setTimeout(() => void restart(id), restartAfterMs))
      }
    },
  })
  const restart = async (id: string): Promise<void> => {
    try {
      await stack?.fleet.restart(id)
    } catch (error) {
      status.say(`${id} could not be started again: ${String(error)}`)
    }
  }
  try {
    const first = await Promise.race([starting, ended])
    if (typeof first === 'number') return first
    stack = first
    const seconds = (performance.now() - startedMs) / 1000
    status.say(welcome(stack, seconds))
    const { adminUrl } = stack
    timers.add(setInterval(() => void status.show(adminUrl), statusEveryMs))
    return await ended
  } finally {
    for (const timer of timers) clearTimeout(timer)
    status.close()
    // Where it was still starting, its end is waited for all the same.
    await starting.then((started) => started.close()).catch(() => {})
  }
}

function welcome(stack: Stack, seconds: number): string {
  const { endpoint, adminUrl, agentUrl, accounts, commands, contracts } = stack
  const body = `'{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}'`
  const deployed = Object.entries(contracts).map(([name, address]) => `  ${name} ${address}`)
  return [
    'Started as',
    ...commands.map((line) => `  $ ${line}`),
    '',
    `Ready after ${seconds.toFixed(1)} s`,
    `  Endpoint   ${endpoint}`,
    `  Dashboard  ${adminUrl}/`,
    `  Metrics    ${adminUrl}/metrics`,
    `  Agent      ${agentUrl}/v1/state`,
    '',
    'Funded accounts of the well-known test mnemonic: anyone can spend from them, use them nowhere else',
    ...accounts
      .slice(0, shownAccounts)
      .map(({ address, privateKey }) => `  ${address}  key ${privateKey}`),
    ...(deployed.length === 0 ? [] : ['', 'Contracts', ...deployed]),
    '',
    'Try',
    `  curl -s -H 'content-type: application/json' -d ${body} ${endpoint}`,
    '',
    'Ctrl-C ends all of it.',
    '',
  ].join('\n')
}
