import { z } from 'zod'
import { hostOf, idFrom, type NodeSpec, parseNode } from './node-spec.ts'
import type { KubernetesConfig } from './provider-config.ts'

const serviceLabel = 'kubernetes.io/service-name'

/** An EndpointSlice (`discovery.k8s.io/v1`), as far as it is read. */
export const endpointSlice = z.object({
  metadata: z.object({
    name: z.string(),
    resourceVersion: z.string().nullish(),
    labels: z.record(z.string(), z.string()).nullish(),
  }),
  addressType: z.string(),
  endpoints: z
    .array(
      z.object({
        addresses: z.array(z.string()),
        conditions: z
          .object({
            ready: z.boolean().nullish(),
            serving: z.boolean().nullish(),
            terminating: z.boolean().nullish(),
          })
          .nullish(),
        nodeName: z.string().nullish(),
        targetRef: z.object({ name: z.string().nullish(), uid: z.string().nullish() }).nullish(),
      }),
    )
    .nullish(),
  ports: z
    .array(
      z.object({
        name: z.string().nullish(),
        port: z.int().nullish(),
        protocol: z.string().nullish(),
      }),
    )
    .nullish(),
})

export type EndpointSlice = z.output<typeof endpointSlice>
type Endpoint = NonNullable<EndpointSlice['endpoints']>[number]

/** Names that a port of JSON-RPC usually bears, the likeliest first. */
const rpcNames = ['rpc', 'http-rpc', 'json-rpc', 'jsonrpc', 'http']

/** The nodes that all slices together tell of, and what had to be left out. */
export function nodesIn(
  slices: Iterable<EndpointSlice>,
  config: KubernetesConfig,
): { readonly nodes: readonly NodeSpec[]; readonly problems: readonly string[] } {
  const all = [...slices].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1))
  const agents = agentsIn(all, config)
  const nodes = new Map<string, NodeSpec>()
  const problems: string[] = []
  for (const slice of all) {
    if (serviceOf(slice) !== config.service) continue
    for (const endpoint of slice.endpoints ?? []) {
      try {
        const node = nodeOf(slice, endpoint, config, agents)
        // A pod with addresses of two kinds stands in two slices.
        if (node !== null && !nodes.has(node.id)) nodes.set(node.id, node)
      } catch (error) {
        const { name } = slice.metadata
        problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
  const sorted = [...nodes.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  return { nodes: sorted, problems: [...new Set(problems)].sort() }
}

/** IPv4 first: where a pod has both, that is dialled. */
function orderOf({ addressType, metadata: { name } }: EndpointSlice): string {
  return `${addressType} ${name}`
}

function serviceOf({ metadata: { labels } }: EndpointSlice): string | undefined {
  return labels?.[serviceLabel]
}

/** By the name of the machine that each runs on. */
function agentsIn(
  slices: readonly EndpointSlice[],
  { 'agent-service': service }: KubernetesConfig,
): ReadonlyMap<string, string> {
  const agents = new Map<string, string>()
  if (service === undefined) return agents
  for (const slice of slices) {
    const port = slice.ports?.[0]?.port
    if (serviceOf(slice) !== service || !port) continue
    for (const {
      addresses: [address],
      nodeName,
      conditions,
    } of slice.endpoints ?? []) {
      if (address === undefined || !nodeName || conditions?.ready === false) continue
      agents.set(nodeName, `http://${hostOf(address)}:${port}`)
    }
  }
  return agents
}

/**
 * Null for one that is not ready. One that terminates and still serves takes no new calls while
 * others can (KEP-1669).
 * @throws Error when no port can be told
 */
function nodeOf(
  slice: EndpointSlice,
  { addresses, conditions, nodeName, targetRef }: Endpoint,
  config: KubernetesConfig,
  agents: ReadonlyMap<string, string>,
): NodeSpec | null {
  const [address] = addresses
  const isLeaving = conditions?.terminating === true && conditions.serving === true
  if (address === undefined || (conditions?.ready === false && !isLeaving)) return null
  const { scheme, path, service } = config
  const host = hostOf(address)
  const name = targetRef?.name ?? `${service}-${address}`
  const port = rpcPort(slice, config)
  const wsPort = config['ws-port'] === undefined ? null : portOf(slice, config['ws-port'])
  const agent = nodeName ? agents.get(nodeName) : undefined
  const names = [name, targetRef?.uid].filter((each) => typeof each === 'string' && each !== '')
  return parseNode({
    id: idFrom(name),
    url: `${scheme}://${host}:${port}${path}`,
    ...(wsPort === null ? {} : { ws: `${scheme === 'https' ? 'wss' : 'ws'}://${host}:${wsPort}` }),
    ...(agent === undefined ? {} : { agent }),
    'reported-as': names,
    ...(isLeaving ? { drain: true } : {}),
  })
}

function rpcPort(slice: EndpointSlice, { port }: KubernetesConfig): number {
  if (port !== undefined) return portOf(slice, port)
  const tcp = (slice.ports ?? []).filter(({ protocol }) => (protocol ?? 'TCP') === 'TCP')
  const [only] = tcp
  if (tcp.length === 1 && only?.port) return only.port
  for (const name of rpcNames) {
    const named = tcp.find((each) => each.name === name)
    if (named?.port) return named.port
  }
  throw new Error('cannot tell which of its ports is that of JSON-RPC: name it in `port`')
}

function portOf({ ports }: EndpointSlice, wanted: string | number): number {
  if (typeof wanted === 'number') return wanted
  if (/^\d+$/.test(wanted)) return Number(wanted)
  const found = (ports ?? []).find(({ name }) => name === wanted)?.port
  if (!found) throw new Error(`it has no port ${JSON.stringify(wanted)}`)
  return found
}
