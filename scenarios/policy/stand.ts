import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { CounterSources } from '../measure/counters.ts'
import { freePorts } from '../ports.ts'
import { Reaper } from '../reaper.ts'
import { Service } from '../service.ts'
import type { ChainFacts } from '../workloads/chain.ts'
import { Neighbour } from './neighbour.ts'
import type { Profile } from './profiles.ts'
import { openTrialFleet, type TrialClient } from './trial-fleet.ts'

export type StandOptions = {
  readonly client: TrialClient
  readonly profile: Profile
  readonly tell: (line: string) => void
}

const reportEveryMs = 250
const readyTimeoutMs = 30_000
const pollMs = 50

const bins = { agent: '../../agents/bin.ts', proxy: '../../proxy/bin.ts' } as const
const chosenSchema = z.object({ strategy: z.string() })
const fleetSchema = z.object({
  strategy: z.string(),
  nodes: z.array(z.object({ health: z.string(), reportAgeMs: z.number().nullable() })),
})

/** Nodes under one profile, the agent outside their quotas, and one proxy for all strategies. */
export type Stand = {
  readonly url: string
  readonly facts: ChainFacts
  readonly sources: CounterSources
  readonly agentPid: number
  /** Null where the profile has none. */
  readonly neighbour: Neighbour | null
  /** All of the nodes' quotas, in cores. */
  readonly quotaCores: number
  /** Node's and proxy's command lines. */
  readonly commands: readonly string[]
  /**
   * Switches the proxy to a strategy; connections stay, what was learned does not.
   * @returns the strategy as the proxy names it
   * @throws Error in the proxy's words when it knows no such strategy
   */
  choose(strategy: string): Promise<string>
  /** @throws Error when a process of it has ended */
  assertSound(): void
  close(): Promise<void>
}

/** @throws Error when something does not start; nothing is left running then */
export async function openStand({ client, profile, tell }: StandOptions): Promise<Stand> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-policy-'))
  const reaper = new Reaper(folder)
  const started: { close(): Promise<void> }[] = []
  const deaths: string[] = []
  const close = async (): Promise<void> => {
    const failures: unknown[] = []
    for (const part of started.splice(0).reverse()) {
      await part.close().catch((error: unknown) => failures.push(error))
    }
    await reaper.close()
    if (failures.length > 0) throw new AggregateError(failures, 'not everything would end')
  }
  const service = async (name: keyof typeof bins, flags: readonly string[]): Promise<Service> => {
    const bin = join(import.meta.dirname, bins[name])
    const made = new Service(name, [process.execPath, bin, ...flags], reaper, (text) => {
      deaths.push(text)
    })
    started.push(made)
    await made.start()
    return made
  }
  try {
    const onSpoilt = (text: string) => void deaths.push(text)
    const opened = await openTrialFleet({
      ...{ client, profile, folder, reaper },
      onEvent: ({ kind, text }) => {
        tell(text)
        if (kind === 'node-died' || kind === 'diverged') deaths.push(text)
      },
      onSpoilt,
    })
    started.push(opened)
    const { fleet, facts, groups } = opened
    const neighbour = profile.hasNeighbour ? await Neighbour.start(groups, reaper, onSpoilt) : null
    if (neighbour !== null) started.push(neighbour)
    const [httpPort = 0, adminPort = 0, agentPort = 0] = await freePorts(3)
    const watched = fleet.nodes.flatMap(({ id, pidFile }) => ['--pid', `${id}=${pidFile}`])
    const interval = ['--interval', String(reportEveryMs)]
    const agent = await service('agent', [...watched, ...interval, '--port', String(agentPort)])
    const agentUrl = `http://127.0.0.1:${agentPort}`
    const proxy = await service('proxy', [
      ...fleet.nodes.flatMap(({ id, url }) => ['--node', `${id}=${url}`]),
      ...fleet.nodes.flatMap(({ id }) => ['--agent', `${id}=${agentUrl}`]),
      ...['--http.port', String(httpPort), '--http.api', 'eth,net,web3,debug'],
      ...['--admin.port', String(adminPort), '--log.level', 'warn'],
    ])
    const adminUrl = `http://127.0.0.1:${adminPort}`
    await untilReady(adminUrl)
    return {
      url: `http://127.0.0.1:${httpPort}`,
      facts,
      sources: { adminUrl, agentUrl, proxyPid: proxy.pid },
      agentPid: agent.pid,
      neighbour,
      quotaCores: profile.cpus.reduce((sum, cores) => sum + cores, 0),
      commands: [...fleet.nodes.map(({ commandLine }) => commandLine), proxy.commandLine],
      choose: (strategy) => choose(adminUrl, strategy),
      assertSound: () => {
        if (deaths.length > 0) throw new Error(deaths.join('; '))
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function choose(adminUrl: string, strategy: string): Promise<string> {
  const response = await fetch(`${adminUrl}/api/strategy`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: strategy }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${strategy}: the proxy answered ${text.trim()}`)
  return chosenSchema.parse(JSON.parse(text)).strategy
}

/** Waits until the proxy sees every node well and has a report of each. */
async function untilReady(adminUrl: string): Promise<void> {
  const deadlineMs = performance.now() + readyTimeoutMs
  for (;;) {
    const response = await fetch(`${adminUrl}/api/fleet`)
    const fleet = fleetSchema.parse(await response.json())
    const isReady = fleet.nodes.every(
      ({ health, reportAgeMs }) => health === 'up' && reportAgeMs !== null,
    )
    if (isReady) return
    if (performance.now() > deadlineMs) {
      throw new Error(`the proxy was not ready in time: ${JSON.stringify(fleet)}`)
    }
    await pause(pollMs)
  }
}
