import { z } from 'zod'
import { ApiClient } from './api-client.ts'
import type { Backoff } from './backoff.ts'
import { Following } from './following.ts'
import { hostOf, idFrom, type NodeSpec, parseNode } from './node-spec.ts'
import type { Provider, ProviderSink } from './provider.ts'
import type { ConsulConfig } from './provider-config.ts'

const entries = z.array(
  z.object({
    Node: z.object({ Node: z.string(), Address: z.string() }),
    Service: z.object({
      ID: z.string(),
      Address: z.string().nullish(),
      Port: z.int(),
      Meta: z.record(z.string(), z.string()).nullish(),
    }),
  }),
)

type Entry = z.output<typeof entries>[number]

/**
 * Nodes out of a service of Consul, those whose checks pass, by blocking queries: each question bears
 * the index of the last answer and is held until something changes.
 *
 * @see https://developer.hashicorp.com/consul/api-docs/features/blocking: an index that goes back
 *   begins anew, one that is not above 0 is none, and the agent adds up to wait ÷ 16 to the wait.
 */
export class ConsulProvider implements Provider {
  readonly name = 'consul'
  readonly #config: ConsulConfig
  readonly #following = new Following()

  constructor(config: ConsulConfig) {
    this.#config = config
  }

  start(sink: ProviderSink): void {
    this.#following.start(
      (signal, backoff) => this.#follow(sink, backoff, signal),
      (error) => sink.failed(error),
    )
  }

  reload(): void {
    this.#following.again()
  }

  async close(): Promise<void> {
    await this.#following.close()
  }

  /** Asks until something fails. */
  async #follow(sink: ProviderSink, backoff: Backoff, signal: AbortSignal): Promise<never> {
    const { endpoint: url, 'token-file': tokenFile, wait } = this.#config
    const client = await ApiClient.open({ url, tokenFile: tokenFile ?? null, caFile: null })
    try {
      let index = 0
      for (;;) {
        const headersMs = (index === 0 ? 0 : wait + wait / 16) + 10_000
        const response = await client.open(this.#path(index), signal, { headersMs, bodyMs: 10_000 })
        const text = await ApiClient.textOf(response)
        if (response.statusCode !== 200) {
          throw new Error(`HTTP ${response.statusCode}: ${text.slice(0, 200).trim()}`)
        }
        const next = Number(response.headers['x-consul-index'])
        const isNew = next !== index || index === 0
        if (isNew) this.#tell(sink, text)
        backoff.reset()
        // Without an index there is nothing to wait for: then it is asked like any page.
        if (!(next > 0)) await backoff.pause(signal)
        index = next > 0 && next >= index ? next : 0
        signal.throwIfAborted()
      }
    } finally {
      await client.close()
    }
  }

  #path(index: number): string {
    const { service, tag, datacenter, wait } = this.#config
    const query = new URLSearchParams({ passing: 'true' })
    if (tag !== undefined) query.set('tag', tag)
    if (datacenter !== undefined) query.set('dc', datacenter)
    if (index > 0) {
      query.set('index', String(index))
      query.set('wait', `${Math.ceil(wait)}ms`)
    }
    return `/v1/health/service/${encodeURIComponent(service)}?${query}`
  }

  /** @throws Error when it is no list of services */
  #tell(sink: ProviderSink, text: string): void {
    const parsed = entries.safeParse(decoded(text))
    if (!parsed.success) throw new Error('an answer that is no list of services')
    const nodes: NodeSpec[] = []
    const problems: string[] = []
    for (const entry of parsed.data) {
      try {
        nodes.push(this.#nodeOf(entry))
      } catch (error) {
        problems.push(`${entry.Service.ID}: ${error instanceof Error ? error.message : error}`)
      }
    }
    nodes.sort((a, b) => (a.id < b.id ? -1 : 1))
    sink.found(nodes, problems.sort())
  }

  /** What Consul does not know of a node may stand in the service's meta data. */
  #nodeOf({ Node: node, Service: service }: Entry): NodeSpec {
    const meta = service.Meta ?? {}
    const scheme = meta['scheme'] ?? this.#config.scheme
    const host = hostOf(service.Address || node.Address)
    const { 'ws-port': wsPort, 'agent-url': agent, cores, 'chain-id': chainId } = meta
    return parseNode({
      id: idFrom(service.ID),
      url: `${scheme}://${host}:${service.Port}${meta['path'] ?? this.#config.path}`,
      ...(wsPort === undefined
        ? {}
        : { ws: `${scheme === 'https' ? 'wss' : 'ws'}://${host}:${wsPort}` }),
      ...(agent === undefined ? {} : { agent }),
      ...(cores === undefined ? {} : { cores: Number(cores) }),
      ...(chainId === undefined ? {} : { 'chain-id': Number(chainId) }),
      ...(meta['drain'] === 'true' ? { drain: true } : {}),
    })
  }
}

/** Null for what is no JSON. */
function decoded(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
