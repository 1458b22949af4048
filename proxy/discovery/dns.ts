import type { SrvRecord } from 'node:dns'
import { Resolver } from 'node:dns/promises'
import { hostOf, idFrom, type NodeSpec, parseNode } from './node-spec.ts'
import type { Provider, ProviderSink } from './provider.ts'
import type { DnsConfig } from './provider-config.ts'

/** A name server that does not answer is asked so often, each time for so long. */
const tries = 2
const timeoutMs = 2_000

/** More nodes are not made of one name. */
const maxRecords = 256

/** Where one node is, by a record. */
type Place = {
  readonly host: string
  readonly address: string
  readonly port: number
  readonly isSpare: boolean
}

/**
 * Nodes at the addresses of a name, asked for over and over: resolvers of the system keep answers for
 * as long as they live, so the time to live of a record only says how stale an answer may be, and the
 * interval is our own. No answer and no such name are failures: DNS cannot tell an empty service from
 * a broken one.
 */
export class DnsProvider implements Provider {
  readonly name: string
  readonly #config: DnsConfig
  readonly #resolver: Resolver
  #sink: ProviderSink | null = null
  #timer: NodeJS.Timeout | undefined
  #asking: Promise<void> | null = null

  constructor(config: DnsConfig) {
    this.name = `dns ${config.name}`
    this.#config = config
    this.#resolver = new Resolver({ timeout: timeoutMs, tries })
    if (config.servers !== undefined) this.#resolver.setServers(config.servers)
  }

  start(sink: ProviderSink): void {
    this.#sink = sink
    this.reload()
  }

  reload(): void {
    clearTimeout(this.#timer)
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
      if (this.#sink === null) return
      this.#timer = setTimeout(() => this.reload(), this.#config.interval).unref()
    })
  }

  async close(): Promise<void> {
    this.#sink = null
    clearTimeout(this.#timer)
    this.#resolver.cancel()
    await this.#asking
  }

  async #ask(): Promise<void> {
    const problems: string[] = []
    try {
      const places = await this.#places(problems)
      const nodes = places.map((place) => this.#nodeAt(place))
      // Name servers turn the order of records with each answer.
      nodes.sort((a, b) => (a.id < b.id ? -1 : 1))
      this.#sink?.found(nodes, problems.sort())
    } catch (error) {
      this.#sink?.failed(new Error(inWords(error)))
    }
  }

  async #places(problems: string[]): Promise<readonly Place[]> {
    const { name, type, port } = this.#config
    if (type === 'SRV') return await this.#servicePlaces(problems)
    const addresses =
      type === 'A' ? await this.#resolver.resolve4(name) : await this.#resolver.resolve6(name)
    return [...new Set(addresses)].slice(0, maxRecords).map((address) => {
      const host = `${name.slice(0, 62 - address.length)}-${address}`
      return { host, address, port, isSpare: false }
    })
  }

  /** Those of the lowest priority number serve; the others are spare, as SRV records mean it. */
  async #servicePlaces(problems: string[]): Promise<readonly Place[]> {
    const records = (await this.#resolver.resolveSrv(this.#config.name)).slice(0, maxRecords)
    const first = records.reduce((least, { priority }) => Math.min(least, priority), Infinity)
    const places = await Promise.all(
      records.map(async (record): Promise<Place | null> => {
        const { name, port, priority } = record
        const address = await this.#addressOf(record, problems)
        if (address === null) return null
        const host = `${name.slice(0, 57)}-${port}`
        return { host, address, port, isSpare: priority > first }
      }),
    )
    const found = places.filter((place) => place !== null)
    if (found.length === 0) throw new Error(problems.join('; ') || 'no records')
    return found
  }

  async #addressOf({ name }: SrvRecord, problems: string[]): Promise<string | null> {
    try {
      const [address] = await this.#resolver.resolve4(name)
      if (address !== undefined) return address
    } catch (error) {
      const [address] = await this.#resolver.resolve6(name).catch(() => [])
      if (address !== undefined) return address
      problems.push(inWords(error))
    }
    return null
  }

  #nodeAt({ host, address, port, isSpare }: Place): NodeSpec {
    const { scheme, path, 'ws-port': wsPort, 'agent-port': agentPort } = this.#config
    const at = hostOf(address)
    return parseNode({
      id: idFrom(host),
      url: `${scheme}://${at}:${port}${path}`,
      ...(wsPort === undefined
        ? {}
        : { ws: `${scheme === 'https' ? 'wss' : 'ws'}://${at}:${wsPort}` }),
      ...(agentPort === undefined ? {} : { agent: `http://${at}:${agentPort}` }),
      ...(isSpare ? { drain: true } : {}),
    })
  }
}

const meanings: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such name',
  ENODATA: 'the name has no such record',
  ETIMEOUT: 'the name server does not answer',
  ECONNREFUSED: 'the name server cannot be reached',
  ESERVFAIL: 'the name server failed',
  EREFUSED: 'the name server refused',
}

function inWords(error: unknown): string {
  const { code, hostname } = error as { readonly code?: string; readonly hostname?: string }
  const meaning = code === undefined ? undefined : meanings[code]
  if (meaning !== undefined) return `${hostname ?? ''}: ${meaning} (${code})`
  return error instanceof Error ? error.message : String(error)
}
