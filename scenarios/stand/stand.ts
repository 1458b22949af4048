import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BenchConfig } from '../config.ts'
import type { FleetNode } from '../fleets/fleet.ts'
import { proxyCores } from '../load/cores.ts'
import { freePorts } from '../ports.ts'
import { Reaper } from '../reaper.ts'
import { Service } from '../service.ts'
import type { Place, Site } from '../site.ts'
import { clientOf } from '../site-targets.ts'
import { withSamples } from '../workloads/samples.ts'
import { isHaproxy, Rival } from './haproxy.ts'
import { Importer } from './importer.ts'
import { Neighbour } from './neighbour.ts'
import type { Profile } from './profiles.ts'
import { chooseStrategy, untilIdle } from './proxy-admin.ts'
import { openStandFleet, type StandFleet } from './stand-fleet.ts'

export type StandOptions = {
  readonly config: BenchConfig
  readonly profile: Profile
  readonly tell: (line: string) => void
  readonly signal: AbortSignal
}

const reportEveryMs = 250
/** Notes of events kept for the report; more only say that it went badly. */
const maxNotes = 20

const bins = { agent: '../../agents/bin.ts', proxy: '../../proxy/bin.ts' } as const
/** Events after which a trial says nothing about its strategy. */
const fatal: ReadonlySet<string> = new Set(['node-died', 'diverged'])

/**
 * Nodes under one profile, the agent outside their quotas, and one proxy for all strategies: it is
 * switched from one to the other, so that connections, compiled code and what calls were found to cost
 * stay (with how long disturbances last and what CPU goes with a call, over the fleet), and what a strategy
 * has learned of each node does not. Beside it HAProxy on the same nodes, where it takes part.
 * @throws Error when something does not start; nothing is left running then
 */
export async function openStand(options: StandOptions): Promise<Site> {
  const { config, profile, tell, signal } = options
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-stand-'))
  const reaper = new Reaper(folder)
  const started: { close(): Promise<void> }[] = []
  const deaths: string[] = []
  const notes: string[] = []
  const close = async (): Promise<void> => {
    const failures: unknown[] = []
    for (const part of started.splice(0).reverse()) {
      await part.close().catch((error: unknown) => failures.push(error))
    }
    await reaper.close()
    if (failures.length > 0) throw new AggregateError(failures, 'not everything would end')
  }
  const onSpoilt = (text: string) => void deaths.push(text)
  const service = async (name: keyof typeof bins, flags: readonly string[]): Promise<Service> => {
    const bin = join(import.meta.dirname, bins[name])
    const command = [...proxyCores(), process.execPath, bin, ...flags] as const
    const [program = process.execPath, ...args] = command
    const made = new Service(name, [program, ...args], reaper, onSpoilt)
    started.push(made)
    await made.start()
    return made
  }
  try {
    tell(`${profile.name}: starting ${profile.about}`)
    const opened = await openStandFleet({
      ...{ client: config.fleet, profile, folder, reaper, onSpoilt },
      onEvent: ({ kind, text }) => {
        tell(text)
        if (fatal.has(kind)) deaths.push(text)
        if (notes.length < maxNotes && !notes.includes(text)) notes.push(text)
      },
    })
    started.push(opened)
    const { nodes } = opened.fleet
    const disturbances = await disturbancesOf(profile, opened, reaper, onSpoilt)
    started.push(...disturbances)
    const [httpPort = 0, adminPort = 0, agentPort = 0] = await freePorts(3)
    const watched = nodes.flatMap(({ id, pidFile }) => ['--pid', `${id}=${pidFile}`])
    const interval = ['--interval', String(reportEveryMs)]
    const agent = await service('agent', [...watched, ...interval, '--port', String(agentPort)])
    const agentUrl = `http://127.0.0.1:${agentPort}`
    const proxy = await service('proxy', [
      ...nodes.flatMap(({ id, url }) => ['--node', `${id}=${url}`]),
      ...nodes.flatMap(({ id }) => ['--agent', `${id}=${agentUrl}`]),
      ...['--http.port', String(httpPort), '--http.api', 'eth,net,web3,debug'],
      ...['--admin.port', String(adminPort), '--log.level', 'warn'],
    ])
    const adminUrl = `http://127.0.0.1:${adminPort}`
    const rival = config.contenders.some(isHaproxy)
      ? await Rival.start(nodes, folder, reaper, onSpoilt)
      : null
    if (rival !== null) started.push(rival)
    const rivalPids = rival === null ? [] : [rival.sources.proxyPid]
    const own = {
      ...{ adminUrl, agentUrl, statsUrl: null },
      ...{ proxyPid: proxy.pid, ownPids: [agent.pid, ...rivalPids] },
    }
    const scheme = config.transport === 'ws' ? 'ws' : 'http'
    const endpoint = `http://127.0.0.1:${httpPort}`
    return {
      facts: await withSamples(opened.facts, config.workloads, endpoint, signal),
      client: await clientOf(endpoint, signal),
      commands: [agent, proxy, ...nodes].map(({ commandLine }) => commandLine),
      notes,
      idleUrl: largest(nodes).url,
      prepare: async (contender, until): Promise<Place> => {
        const note = await untilIdle(adminUrl, agentUrl, until)
        if (note !== null) tell(note)
        if (rival !== null && isHaproxy(contender)) {
          return {
            url: rival.url,
            sources: { ...own, ...rival.sources, ownPids: [agent.pid, proxy.pid] },
          }
        }
        await chooseStrategy(adminUrl, contender.name)
        return { url: `${scheme}://127.0.0.1:${httpPort}`, sources: own }
      },
      disturb: async (seed) => {
        for (const one of disturbances) await one.begin(seed)
      },
      calm: () => {
        for (const one of disturbances) one.rest()
      },
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

/** Something that goes on in the nodes while they are measured. */
type Disturbance = {
  begin(seed: number): void | Promise<void>
  rest(): void
  close(): Promise<void>
}

async function disturbancesOf(
  { hasNeighbour, importsWork }: Profile,
  { fleet, groups }: StandFleet,
  reaper: Reaper,
  onSpoilt: (text: string) => void,
): Promise<readonly Disturbance[]> {
  return [
    ...(hasNeighbour ? [await Neighbour.start(groups, reaper, onSpoilt)] : []),
    ...(importsWork ? [new Importer(largest(fleet.nodes).url, fleet.chainId, onSpoilt)] : []),
  ]
}

/** The node with the most CPU, which makes the blocks. @throws RangeError without nodes */
function largest(nodes: readonly FleetNode[]): FleetNode {
  const [first] = nodes.toSorted((one, other) => (other.cpus ?? 0) - (one.cpus ?? 0))
  if (first === undefined) throw new RangeError('a stand takes nodes')
  return first
}
