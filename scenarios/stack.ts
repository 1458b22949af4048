import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deployContracts } from './contracts/deploy.ts'
import { type Account, testAccounts } from './fleets/accounts.ts'
import type { Fleet, FleetEvent } from './fleets/fleet.ts'
import { claimPort } from './ports.ts'
import { Reaper } from './reaper.ts'
import { Service } from './service.ts'
import { agentFlags, proxyFlags, type StackNodes, startFleet } from './stack-fleet.ts'
import { untilAllSeen } from './stack-ready.ts'
import { type Steps, untold } from './steps.ts'

/** Its nodes, and what stands around them. */
export type StackOptions = StackNodes & {
  /** Made already, removed at the end with all in it; without it one is made. */
  readonly folder?: string
  readonly strategy: string
  /** 0 takes a free one, here and below. */
  readonly httpPort: number
  readonly adminPort: number
  readonly agentPort: number
  /** Whether to deploy the demo contracts. */
  readonly contracts: boolean
  readonly onEvent: (event: StackEvent) => void
  readonly steps?: Steps
}

/** What happens to a stack while it runs; `service-died` ends its use. */
export type StackEvent =
  | FleetEvent
  | { readonly kind: 'service-died'; readonly id: string; readonly text: string }

/** A fleet, the agent that watches it and the proxy before it, each a process of its own. */
export type Stack = {
  readonly endpoint: string
  readonly adminUrl: string
  readonly agentUrl: string
  readonly fleet: Fleet
  /** What else is started for the stack's sake is to be known to it. */
  readonly reaper: Reaper
  /** Funded accounts of the test mnemonic. */
  readonly accounts: readonly Account[]
  /** Addresses of the demo contracts by name; empty unless asked for. */
  readonly contracts: Readonly<Record<string, string>>
  /** The command lines of all that was started. */
  readonly commands: readonly string[]
  proxyPid(): number
  /** Ends the proxy and starts it anew on the same ports, so that it has learned nothing. */
  restartProxy(strategy: string): Promise<void>
  /** Ends everything. Resolves when nothing is left; a second call waits for the first. */
  close(): Promise<void>
}

const bins = { agent: '../agents/bin.ts', proxy: '../proxy/bin.ts' } as const

/**
 * Starts fleet, agent and proxy through their own command lines. Resolves when the proxy sees every
 * node well and has a report of each.
 * @throws PortTaken, or Error in one line, when one does not start; nothing is left running then
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const httpPort = await claimPort(options.httpPort, '--http.port')
  const adminPort = await claimPort(options.adminPort, '--admin.port')
  const agentPort = await claimPort(options.agentPort, '--agent.port')
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'equipoise-')))
  const reaper = new Reaper(folder)
  const { onEvent, steps = untold } = options
  const started: { close(): Promise<void> }[] = []
  let closing: Promise<void> | null = null
  const close = (): Promise<void> => {
    closing ??= endAll(started, reaper)
    return closing
  }
  const service = (name: keyof typeof bins, args: readonly string[]): Service => {
    const bin = join(import.meta.dirname, bins[name])
    const made = new Service(name, [process.execPath, bin, ...args], reaper, (text) => {
      if (closing === null) onEvent({ kind: 'service-died', id: name, text })
    })
    started.push(made)
    return made
  }
  try {
    const fleet = await startFleet(options, folder, reaper, steps)
    started.push(fleet)
    const agent = service('agent', [...agentFlags(fleet), '--port', String(agentPort)])
    await steps('agent', () => agent.start())
    const agentUrl = `http://127.0.0.1:${agentPort}`
    const proxyArgs = (strategy: string): string[] => [
      ...proxyFlags(fleet, agentUrl),
      ...['--strategy', strategy, '--http.port', String(httpPort)],
      ...['--admin.port', String(adminPort), '--log.level', 'warn'],
      // So that metrics name their functions.
      ...(options.contracts ? ['--abi', join(import.meta.dirname, 'contracts')] : []),
    ]
    let proxy = service('proxy', proxyArgs(options.strategy))
    await steps('proxy', () => proxy.start())
    const endpoint = `http://127.0.0.1:${httpPort}`
    const adminUrl = `http://127.0.0.1:${adminPort}`
    const ids = fleet.nodes.map(({ id }) => id)
    await steps('all seen', () => untilAllSeen(adminUrl, ids))
    const contracts = options.contracts
      ? await steps('contracts', () => deployContracts(endpoint, testAccounts), namesOf)
      : {}
    return {
      endpoint,
      adminUrl,
      agentUrl,
      fleet,
      reaper,
      accounts: testAccounts,
      contracts,
      commands: [
        ...fleet.nodes.map(({ commandLine }) => commandLine),
        agent.commandLine,
        proxy.commandLine,
      ],
      proxyPid: () => proxy.pid,
      async restartProxy(strategy) {
        await proxy.close()
        started.splice(started.indexOf(proxy), 1)
        proxy = service('proxy', proxyArgs(strategy))
        await proxy.start()
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function namesOf(contracts: Readonly<Record<string, string>>): string {
  return Object.keys(contracts).join(', ')
}

/** What was started last ends first. All are ended even when one of them will not. */
async function endAll(
  started: readonly { close(): Promise<void> }[],
  reaper: Reaper,
): Promise<void> {
  const failures: unknown[] = []
  for (const part of started.toReversed()) {
    await part.close().catch((error: unknown) => failures.push(error))
  }
  await reaper.close()
  if (failures.length > 0) throw new AggregateError(failures, 'not everything would end')
}
