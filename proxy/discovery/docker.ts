import type Dockerode from 'dockerode'
import { Backoff } from './backoff.ts'
import { type Constraint, parseConstraints } from './constraints.ts'
import { ContainerProblem, type ContainerRules, containerList, nodeOf } from './container.ts'
import type { NodeSpec } from './node-spec.ts'
import type { Provider, ProviderSink } from './provider.ts'
import type { DockerConfig } from './provider-config.ts'

/** Events come in bursts: `kill`, `die`, `disconnect`, `stop`. */
const debounceMs = 50

/** A daemon that does not list its containers in this time is down. */
const listTimeoutMs = 5_000

/** While there is no stream of events, the list is read this often. */
const blindResyncMs = 2_000

/** What may change a node. Those of `exec` come with every health check, and change none. */
const events: Dockerode.GetEventsOptions['filters'] = {
  type: ['container', 'network'],
  event: [
    ...['start', 'die', 'stop', 'kill', 'pause', 'unpause', 'destroy', 'rename', 'update'],
    ...['health_status', 'connect', 'disconnect'],
  ],
}

/**
 * Nodes out of the labels of a Docker host's containers, in Traefik's manner. It lists and it listens
 * and asks nothing else (`GET /containers/json`, `GET /events`): a socket proxy that lets these two
 * through is enough. An event only says that it is time to list again, so none can be missed for
 * longer than a resync.
 */
export class DockerProvider implements Provider {
  readonly name = 'docker'
  readonly #config: DockerConfig
  readonly #rules: ContainerRules
  readonly #over = new AbortController()
  readonly #backoff = new Backoff()
  #sink: ProviderSink | null = null
  #docker: Dockerode | null = null
  #isHearing = false
  #timer: NodeJS.Timeout | null = null
  #timerAtMs = Number.POSITIVE_INFINITY
  #listing: Promise<void> | null = null
  #isDue = false
  #hearing: Promise<void> = Promise.resolve()

  constructor(config: DockerConfig) {
    const { network, constraints, agent, endpoint, 'host-ports': hostPorts } = config
    const parsed: readonly Constraint[] =
      constraints === undefined ? [] : parseConstraints(constraints)
    this.#config = config
    this.#rules = {
      network: network ?? null,
      constraints: parsed,
      hostPorts,
      host: endpoint.startsWith('unix:') ? '127.0.0.1' : new URL(endpoint).hostname,
      agent: agent ?? null,
    }
  }

  start(sink: ProviderSink): void {
    this.#sink = sink
    this.#hearing = this.#hear()
    this.reload()
  }

  reload(): void {
    this.#isDue = true
    this.#listing ??= this.#list().finally(() => {
      this.#listing = null
    })
  }

  async close(): Promise<void> {
    this.#sink = null
    this.#over.abort()
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#listing
    await this.#hearing
  }

  /** Lists again after `ms`, or before. */
  #reloadIn(ms: number): void {
    const atMs = performance.now() + ms
    if (this.#sink === null || atMs >= this.#timerAtMs) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timerAtMs = atMs
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Number.POSITIVE_INFINITY
      this.reload()
    }, ms).unref()
  }

  async #list(): Promise<void> {
    while (this.#isDue && this.#sink !== null) {
      this.#isDue = false
      try {
        const docker = await this.#connected()
        const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(listTimeoutMs)])
        const filters = { label: ['equipoise.enable'] }
        const found: unknown = await docker.listContainers({ filters, abortSignal: signal })
        const { nodes, problems } = this.#nodesIn(found)
        this.#sink?.found(nodes, problems)
        this.#backoff.reset()
        const { resync } = this.#config
        this.#reloadIn(this.#isHearing ? resync : Math.min(resync, blindResyncMs))
      } catch (error) {
        this.#sink?.failed(this.#inWords(error))
        this.#reloadIn(this.#backoff.nextMs())
      }
    }
  }

  #nodesIn(found: unknown): { nodes: NodeSpec[]; problems: string[] } {
    const parsed = containerList.safeParse(found)
    if (!parsed.success) throw new Error('the daemon answered something that is no list')
    const nodes: NodeSpec[] = []
    const problems: string[] = []
    for (const container of parsed.data) {
      try {
        const node = nodeOf(container, this.#rules)
        if (node !== null) nodes.push(node)
      } catch (error) {
        if (!(error instanceof ContainerProblem)) throw error
        problems.push(error.message)
      }
    }
    nodes.sort((a, b) => (a.id < b.id ? -1 : 1))
    return { nodes, problems: problems.sort() }
  }

  /** Reads events for as long as it runs; never rejects. Whatever is wrong shows in the lists, too. */
  async #hear(): Promise<void> {
    const backoff = new Backoff()
    const { signal } = this.#over
    while (!signal.aborted) {
      try {
        const docker = await this.#connected()
        const stream = await docker.getEvents({ filters: events, abortSignal: signal })
        this.#isHearing = true
        // What happened before it was open, it does not tell.
        this.#reloadIn(0)
        for await (const _event of stream) {
          backoff.reset()
          this.#reloadIn(debounceMs)
        }
      } catch {
        // Lists are read in place of events, and say what is wrong.
      }
      this.#isHearing = false
      this.#reloadIn(blindResyncMs)
      await backoff.pause(signal)
    }
  }

  /** @throws Error when dockerode is not installed */
  async #connected(): Promise<Dockerode> {
    if (this.#docker !== null) return this.#docker
    // Many megabytes that only this provider needs.
    const { default: Docker } = await import('dockerode')
    const { endpoint } = this.#config
    this.#docker = new Docker(optionsFor(endpoint))
    return this.#docker
  }

  #inWords(error: unknown): string {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }
    const { endpoint } = this.#config
    if (code === 'ERR_MODULE_NOT_FOUND') return 'the package dockerode is not installed'
    if (code === 'ENOENT') return `${endpoint}: there is no such socket`
    if (code === 'EACCES') return `${endpoint}: not allowed to open the socket`
    const name = error instanceof Error ? error.name : ''
    if (name === 'TimeoutError' || name === 'AbortError') {
      return `${endpoint}: no list of containers within ${listTimeoutMs} ms`
    }
    return `${endpoint}: ${String(message ?? error).split('\n')[0]}`
  }
}

function optionsFor(endpoint: string): Dockerode.DockerOptions {
  if (endpoint.startsWith('unix:')) return { socketPath: endpoint.slice('unix://'.length) }
  const { protocol, hostname, port } = new URL(endpoint)
  const isTls = protocol === 'https:'
  return {
    protocol: isTls ? 'https' : 'http',
    host: hostname,
    port: Number(port) || (isTls ? 2376 : 2375),
  }
}
