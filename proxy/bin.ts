#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { pino } from 'pino'
import { AbiError } from './abi.ts'
import { observerNames, strategyNames } from './balance/strategies.ts'
import { holdModes, strategyText } from './balance/strategy-choice.ts'
import { type Config, ConfigError } from './config.ts'
import { createProxy, type Secrets } from './proxy.ts'
import { type Flags, loadConfig } from './settings.ts'
import { AgentAccess, CredentialsError } from './upstream/agent-access.ts'

/** Flags that are keys of the configuration: name, placeholder, help. */
const keyFlags = [
  ['http.addr', 'ADDRESS', 'where to listen for JSON-RPC (127.0.0.1)'],
  ['http.port', 'PORT', 'its port; 0 takes a free one (8545)'],
  ['http.api', 'LIST', 'namespaces clients may call (eth,net,web3)'],
  ['http.vhosts', 'LIST', "host names to answer to, '*' for any (localhost)"],
  ['http.corsdomain', 'LIST', "origins whose pages may read answers, '*' for any (none)"],
  ['http.rpcprefix', 'PATH', 'path below which to answer (only / itself)'],
  ['ws.addr', 'ADDRESS', 'where to listen for WebSocket, if on a port of its own (http.addr)'],
  ['ws.port', 'PORT', 'its port; 0 takes a free one (http.port, shared with HTTP)'],
  ['ws.api', 'LIST', 'namespaces clients may call over WebSocket (http.api)'],
  ['ws.rpcprefix', 'PATH', 'path below which to open WebSockets (http.rpcprefix)'],
  ['ws.origins', 'LIST', "origins whose pages may open a WebSocket, '*' for any (localhost)"],
  ['pass-through', 'LIST', 'further paths that nodes serve, as /stats, upgrades included (none)'],
  ['ipcpath', 'FILE', 'Unix socket to serve as well, for its owner alone (none)'],
  ['rpc.batch-request-limit', 'N', 'calls in a batch at most, 0 for any number (1000)'],
  ['rpc.batch-response-max-size', 'BYTES', 'results of a batch at most, 0 for any (25000000)'],
  ['rpc.compat', 'VERSION', 'release of Geth to speak like, where they differ (1.17.5)'],
  ['admin.addr', 'ADDRESS', 'where to listen for people and Prometheus (127.0.0.1)'],
  ['admin.port', 'PORT', 'its port; 0 takes a free one (8550)'],
  ['admin.token-file', 'FILE', 'bearer token of the admin port; needed beyond loopback'],
  ['journal', 'DIR', 'folder in which accepted transactions outlive a crash (kept in memory)'],
  ['abi', 'DIR', 'ABIs (*.json), so that metrics name contracts and functions (none)'],
  ['session-header', 'NAME', 'header that tells clients apart (their connection does)'],
  ['agent-token-file', 'FILE', 'bearer token to show to agents, and that agents show who push'],
  ['agent-tls.ca', 'FILE', "authority that signed agents' certificates (the system's)"],
  ['agent-tls.cert', 'FILE', 'certificate to show to agents (none)'],
  ['agent-tls.key', 'FILE', 'its key'],
  ['record', 'FILE', 'take down arrivals, decisions and reports, for a replay (nowhere)'],
  ['providers.file.path', 'PATH', 'file or folder of nodes (YAML, JSON), followed as it changes'],
  ['providers.docker.endpoint', 'URL', 'daemon or socket proxy (unix:///var/run/docker.sock)'],
  ['providers.docker.network', 'NAME', "containers' network to dial (their only one)"],
  ['providers.docker.constraints', 'RULES', 'labels to have, as pool==mainnet && roles!=archive'],
  ['providers.docker.agent', 'URL', "the host's agent, for containers that name none"],
  ['providers.dns', 'LIST', 'names of nodes: NAME, NAME:PORT or _SERVICE._tcp.NAME (SRV)'],
  ['providers.kubernetes.service', 'NAME', 'service whose EndpointSlices are the nodes'],
  ['providers.kubernetes.namespace', 'NAME', 'its namespace (that of this pod)'],
  [
    'providers.kubernetes.port',
    'PORT',
    'name or number of its port for JSON-RPC (the only one, rpc)',
  ],
  ['providers.kubernetes.agent-service', 'NAME', 'service of agents, one on each machine'],
  ['providers.kubernetes.endpoint', 'URL', 'API server (as every pod finds it)'],
  ['providers.kubernetes.token-file', 'FILE', 'token to show to it (that of the service account)'],
  [
    'providers.kubernetes.ca-file',
    'FILE',
    "its certificate's authority (that of the service account)",
  ],
  ['providers.consul.service', 'NAME', 'service in Consul whose healthy instances are the nodes'],
  ['providers.consul.endpoint', 'URL', 'agent of Consul to ask (http://127.0.0.1:8500)'],
  ['providers.consul.token-file', 'FILE', 'token to show to it'],
  ['log.level', 'LEVEL', 'silent, fatal, error, warn, info, debug or trace (info)'],
] as const

/** Flags that are keys of the configuration and take no value. */
const switchFlags = [
  ['graphql', 'serve /graphql, from nodes that have it: every node without `web: false`'],
  ['providers.docker', 'find nodes by the labels of containers'],
  ['providers.docker.host-ports', 'dial ports that containers publish on the host'],
] as const

const examples = `
Examples:
  $ equipoise --node http://127.0.0.1:18545 --node http://127.0.0.1:18555
  $ equipoise --node a=http://10.0.0.5:8545 --agent a=http://10.0.0.5:8560 --http.addr 0.0.0.0
  $ equipoise --config equipoise.yaml --strategy least-connection
  $ equipoise --providers.docker --providers.docker.agent http://127.0.0.1:8560
  $ equipoise --providers.file.path /etc/equipoise/nodes.d
  $ equipoise check-config equipoise.yaml`

const program = new Command('equipoise')
  .description('Serves many Ethereum nodes as one: each call goes to the node that feels it least.')
  .version(version(), '--version', 'print the version')
  .helpOption('--help', 'print this help')
  .option('--config <FILE>', 'YAML file with the same keys as the flags; flags win')
  .option('--node <[ID=]URL>', 'a node; repeat for each', collect)
  .option('--agent <ID=URL>', "the agent that reports node ID's state; repeat for each", collect)
  .option('--cores <ID=N>', 'CPU cores that node ID may use; an agent knows by itself', collect)
  .option('--strategy <NAME>', `${strategyNames.join(', ')} (state-space)`)
  .option('--strategy.hold <MODE>', `${holdModes.join(', ')}: whether heavy calls may wait (on)`)
  .option('--strategy.observer <NAME>', `${observerNames.join(', ')}: a node's physics (auto)`)
  .addHelpText('after', examples)
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '')) })
  .action(serve)
for (const [name, help] of switchFlags) program.option(`--${name}`, help)
for (const [name, placeholder, help] of keyFlags) program.option(`--${name} <${placeholder}>`, help)
program
  .command('check-config')
  .description('check a configuration file and print every problem of it')
  .argument('<file>')
  .helpOption('--help', 'print this help')
  .exitOverride()
  .action((file: string) => {
    const config = loadConfig({ config: file, keys: new Map() })
    const providers = Object.keys(config.providers).map((name) => `, nodes from ${name}`)
    process.stdout.write(
      `${file}: ok, ${config.nodes.length} nodes${providers.join('')}, ${strategyText(config.strategy)}\n`,
    )
  })

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 2
  } else if (error instanceof AbiError) {
    process.stderr.write(`abi: ${error.message}\n`)
    process.exitCode = 2
  } else {
    process.stderr.write(`equipoise: ${inOneLine(error)}\n`)
    process.exitCode = 1
  }
}

async function serve(options: Record<string, unknown>): Promise<void> {
  const config = loadConfig(flagsOf(options))
  const log = pino({ level: config.log.level }, pino.destination({ dest: 2, sync: true }))
  const reread = () => loadConfig(flagsOf(options)).nodes
  const proxy = createProxy(config, secretsOf(config), version(), log, reread)
  // Before anyone can know that it runs: unheard, a SIGHUP would end it.
  process.on('SIGHUP', () => {
    log.info({}, 'reading nodes again')
    proxy.reload()
  })
  const { url, webSocketUrl, adminUrl } = await proxy.listen()
  const more = webSocketUrl === null ? '' : `equipoise WebSocket on ${webSocketUrl}\n`
  const { promise: ended, resolve: end } = Promise.withResolvers<NodeJS.Signals>()
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
  process.stdout.write(`equipoise listening on ${url}\n${more}equipoise admin on ${adminUrl}\n`)
  log.info({ signal: await ended }, 'closing')
  // A second signal does not wait for calls under way.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))
  await proxy.close()
}

function flagsOf(options: Record<string, unknown>): Flags {
  const keys = new Map<string, string>()
  for (const [name] of switchFlags) if (options[camelCase(name)] === true) keys.set(name, 'true')
  for (const [name] of keyFlags) {
    const value = options[camelCase(name)]
    if (typeof value === 'string') keys.set(name, value)
  }
  const { config, node, agent, cores, strategy } = options as Partial<Flags>
  const { 'strategy.hold': hold, 'strategy.observer': observer } = options as Record<string, string>
  return {
    keys,
    ...(config === undefined ? {} : { config }),
    ...(node === undefined ? {} : { node }),
    ...(agent === undefined ? {} : { agent }),
    ...(cores === undefined ? {} : { cores }),
    ...(strategy === undefined ? {} : { strategy }),
    ...(hold === undefined ? {} : { hold }),
    ...(observer === undefined ? {} : { observer }),
  }
}

/** As commander names an option: `rpc.batch-request-limit` → `rpc.batchRequestLimit`. */
function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

function secretsOf(config: Config): Secrets {
  const adminFile = config.admin['token-file']
  const agents = new AgentAccess({ tokenFile: config['agent-token-file'], ...config['agent-tls'] })
  try {
    agents.credentials()
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error
    const path = error.key === 'tokenFile' ? 'agent-token-file' : `agent-tls.${error.key}`
    throw new ConfigError([{ path, message: error.message }])
  }
  return {
    adminToken: adminFile === undefined ? null : tokenIn('admin.token-file', adminFile),
    agents,
  }
}

function tokenIn(path: string, file: string): string {
  try {
    const token = readFileSync(file, 'utf8').trim()
    if (token !== '') return token
  } catch (error) {
    throw new ConfigError([{ path, message: inOneLine(error) }])
  }
  throw new ConfigError([{ path, message: `${file} is empty` }])
}

function inOneLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, flag } = error as Error & { readonly code?: string; readonly flag?: string }
  if (code === 'EADDRINUSE') return `the port is taken; choose another with ${flag}`
  if (code === 'EACCES' && flag !== undefined) return `not allowed to listen there; see ${flag}`
  return error.message.split('\n')[0] ?? error.name
}

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  const { version: found }: { version: string } = JSON.parse(text)
  return found
}
