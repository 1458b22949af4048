import { z } from 'zod'
import { areMet, type Constraint } from './constraints.ts'
import { hostOf, idFrom, type NodeSpec, parseNode } from './node-spec.ts'

/** Labels of ours begin so. */
const prefix = 'equipoise.'

const textMap = z.record(z.string(), z.string()).nullish()

/** What the Docker API's list (`GET /containers/json`) says of a container, as far as it is read. */
const container = z.object({
  Id: z.string().min(1),
  Names: z.array(z.string()).nullish(),
  Labels: textMap,
  State: z.string(),
  Status: z.string().nullish(),
  Ports: z
    .array(
      z.object({
        IP: z.string().nullish(),
        PrivatePort: z.int(),
        PublicPort: z.int().nullish(),
        Type: z.string(),
      }),
    )
    .nullish(),
  HostConfig: z.object({ NetworkMode: z.string().nullish() }).nullish(),
  NetworkSettings: z
    .object({
      Networks: z
        .record(
          z.string(),
          z.object({ IPAddress: z.string().nullish(), GlobalIPv6Address: z.string().nullish() }),
        )
        .nullish(),
    })
    .nullish(),
})

export const containerList = z.array(container)

export type Container = z.output<typeof container>

/** How nodes are made of containers. */
export type ContainerRules = {
  readonly network: string | null
  readonly constraints: readonly Constraint[]
  readonly hostPorts: boolean
  /** Where ports published on the Docker host are dialled. */
  readonly host: string
  readonly agent: URL | null
}

/** A container that is no node although it wants to be one, in words. */
export class ContainerProblem extends Error {
  override readonly name = 'ContainerProblem'
}

/**
 * The node that a container's labels make of it, or null where they do not ask for it.
 * @throws ContainerProblem when they do and it cannot be one
 */
export function nodeOf(found: Container, rules: ContainerRules): NodeSpec | null {
  const labels = new Map(Object.entries(found.Labels ?? {}))
  const label = (name: string): string | undefined => labels.get(prefix + name)
  if (!isTrue(label('enable')) || !runs(found)) return null
  const pool = label('pool') ?? labels.get('com.docker.compose.project') ?? 'default'
  if (!areMet(rules.constraints, (name) => (name === 'pool' ? pool : label(name)))) return null
  const name = (found.Names?.[0] ?? found.Id.slice(0, 12)).replace(/^\//, '')
  const id = label('name') ?? idFrom(name)
  try {
    return specOf(found, id, name, label, labels.get('com.docker.compose.project'), rules)
  } catch (error) {
    throw new ContainerProblem(`${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** A paused container is one that is down: its health check says so, and says when it is back. */
function runs({ State: state }: Container): boolean {
  return state === 'running' || state === 'paused'
}

type Label = (name: string) => string | undefined

function specOf(
  found: Container,
  id: string,
  name: string,
  label: Label,
  project: string | undefined,
  rules: ContainerRules,
): NodeSpec {
  const port = portOf(label('port')) ?? exposedPort(found)
  const network = label('network') ?? rules.network
  const place = (of: number): string => placeOf(found, of, network, project, rules)
  const scheme = label('scheme') ?? 'http'
  const wsPort = portOf(label('ws.port'))
  const wsPath = label('ws.path')
  const cores = label('cores') ?? label('weight')
  const chainId = label('chain-id')
  const agent = agentOf(label, place) ?? rules.agent?.href
  const ws = `${scheme === 'https' ? 'wss' : 'ws'}://${place(wsPort ?? port)}${pathOf(wsPath)}`
  const isUnhealthy = found.Status?.includes('(unhealthy)') === true
  return parseNode({
    id,
    url: `${scheme}://${place(port)}${pathOf(label('path'))}`,
    ...(wsPort === null && wsPath === undefined ? {} : { ws }),
    ...(agent === undefined || label('agent.mode') === 'none' ? {} : { agent }),
    'reported-as': [...new Set([id, name, found.Id])],
    ...(cores === undefined ? {} : { cores: Number(cores) }),
    ...(chainId === undefined ? {} : { 'chain-id': Number(chainId) }),
    ...(isTrue(label('drain')) || isUnhealthy ? { drain: true } : {}),
  })
}

function agentOf(label: Label, place: (port: number) => string): string | undefined {
  const port = portOf(label('agent.port'))
  return label('agent.url') ?? (port === null ? undefined : `http://${place(port)}`)
}

/** 8545, unless the image exposes another port and no other besides. */
function exposedPort({ Ports: ports }: Container): number {
  const exposed = new Set(
    (ports ?? []).filter(({ Type: type }) => type === 'tcp').map(({ PrivatePort: port }) => port),
  )
  const [only] = exposed
  return exposed.size === 1 && only !== undefined ? only : 8545
}

/** Host and port at which a port of the container is reached. @throws Error where it is not */
function placeOf(
  found: Container,
  port: number,
  network: string | null,
  project: string | undefined,
  { hostPorts, host }: ContainerRules,
): string {
  const networks = new Map(Object.entries(found.NetworkSettings?.Networks ?? {}))
  if (found.HostConfig?.NetworkMode === 'host') return `${host}:${port}`
  const published = publishedPort(found, port)
  if (hostPorts) {
    if (published === null) throw new Error(`port ${port} is not published on the host`)
    return `${host}:${published}`
  }
  // Compose puts the project's name before that of a network.
  const named =
    network === null ? null : (networks.get(network) ?? networks.get(`${project}_${network}`))
  if (named === undefined) throw new Error(`not on the network ${network}`)
  const order = [...networks].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
  for (const { IPAddress: v4, GlobalIPv6Address: v6 } of named === null ? order : [named]) {
    const address = v4 || v6
    if (address) return `${hostOf(address)}:${port}`
  }
  if (published !== null) return `${host}:${published}`
  throw new Error('it has no address')
}

function publishedPort({ Ports: ports }: Container, port: number): number | null {
  const match = (ports ?? []).find(
    ({ PrivatePort, PublicPort, Type }) => PrivatePort === port && PublicPort && Type === 'tcp',
  )
  return match?.PublicPort ?? null
}

function isTrue(text: string | undefined): boolean {
  return text === 'true' || text === '1'
}

/** @throws Error */
function portOf(text: string | undefined): number | null {
  if (text === undefined) return null
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65_535) throw new Error(`want a port, not ${JSON.stringify(text)}`)
  return port
}

function pathOf(path: string | undefined): string {
  return path === undefined || path.startsWith('/') ? (path ?? '') : `/${path}`
}
