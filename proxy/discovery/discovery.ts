import type { Clock } from '../clock.ts'
import type { NodeSpec } from './node-spec.ts'
import type { Provider } from './provider.ts'

/** Changes that come together are told together: not more often than this. */
const throttleMs = 100

export type DiscoveryOptions = {
  /** Nodes at most, of all providers together. */
  readonly maxNodes: number
  /** Told of all nodes there are, ids told apart, whenever that may have changed. */
  onNodes(nodes: readonly NodeSpec[]): void
  log(level: 'info' | 'warn', details: object, message: string): void
}

/** What is known of one provider. */
export type ProviderSnapshot = {
  readonly name: string
  /** Whether its last try worked; null before the first. */
  readonly up: boolean | null
  /** Nodes of its last good set. */
  readonly nodes: number
  /** Why its last try failed. */
  readonly problem: string | null
  /** What it, or what is true of the others, makes us leave out. */
  readonly leftOut: readonly string[]
  /** Sets taken and tries failed, so far. */
  readonly updates: number
  readonly failures: number
  /** Milliseconds since it last told of a set; null before the first. */
  readonly ageMs: number | null
}

/** The last good word of one provider, which stands however often it fails after. */
class Source {
  readonly provider: Provider
  nodes: readonly NodeSpec[] = []
  problems: readonly string[] = []
  /** Nodes of it that another one has named first, or that are too many. */
  clashes: readonly string[] = []
  up: boolean | null = null
  problem: string | null = null
  updates = 0
  failures = 0
  toldAtMs: number | null = null
  readonly heard = Promise.withResolvers<void>()

  constructor(provider: Provider) {
    this.provider = provider
  }
}

/**
 * All providers as one. What each said last stands until it says something else; where two name the
 * same id, the one that stands first in the list has it.
 */
export class Discovery {
  readonly #sources: readonly Source[]
  readonly #options: DiscoveryOptions
  readonly #clock: Clock
  #timer: NodeJS.Timeout | null = null
  #isStarted = false
  #isClosed = false

  constructor(providers: readonly Provider[], options: DiscoveryOptions, clock: Clock) {
    this.#sources = providers.map((provider) => new Source(provider))
    this.#options = options
    this.#clock = clock
  }

  /** Begins; resolves when every provider has said something, be it that it failed, or `waitMs` are over. */
  async start(waitMs: number): Promise<void> {
    this.#isStarted = true
    for (const source of this.#sources) {
      source.provider.start({
        found: (nodes, problems = []) => this.#take(source, nodes, problems),
        failed: (error) => this.#fail(source, error),
      })
    }
    const over = Promise.withResolvers<void>()
    const timer = setTimeout(over.resolve, waitMs)
    await Promise.race([Promise.all(this.#sources.map(({ heard }) => heard.promise)), over.promise])
    clearTimeout(timer)
    this.#tell()
  }

  /** Lets every provider look again now; before the start, which looks anyway, it does nothing. */
  reload(): void {
    if (!this.#isStarted) return
    for (const { provider } of this.#sources) provider.reload()
  }

  snapshot(): readonly ProviderSnapshot[] {
    return this.#sources.map((source) => ({
      name: source.provider.name,
      up: source.up,
      nodes: source.nodes.length,
      problem: source.problem,
      leftOut: [...source.problems, ...source.clashes],
      updates: source.updates,
      failures: source.failures,
      ageMs: source.toldAtMs === null ? null : this.#clock.nowMs() - source.toldAtMs,
    }))
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await Promise.all(this.#sources.map(({ provider }) => provider.close()))
  }

  #take(source: Source, nodes: readonly NodeSpec[], problems: readonly string[]): void {
    if (this.#isClosed) return
    const { name } = source.provider
    if (source.up === false) this.#options.log('info', { provider: name }, 'provider is back')
    const before = new Set(source.problems)
    for (const problem of problems) {
      if (!before.has(problem)) this.#options.log('warn', { provider: name, problem }, 'left out')
    }
    source.nodes = nodes
    source.problems = problems
    source.up = true
    source.problem = null
    source.updates += 1
    source.toldAtMs = this.#clock.nowMs()
    source.heard.resolve()
    this.#timer ??= setTimeout(() => this.#tell(), throttleMs).unref()
  }

  #fail(source: Source, error: unknown): void {
    if (this.#isClosed) return
    const problem = error instanceof Error ? error.message : String(error)
    const isNews = source.problem !== problem
    source.up = false
    source.problem = problem
    source.failures += 1
    source.heard.resolve()
    if (!isNews) return
    const details = { provider: source.provider.name, problem, nodes: source.nodes.length }
    this.#options.log('warn', details, 'provider failed: the nodes it named last are kept')
  }

  #tell(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#isClosed) return
    const { maxNodes } = this.#options
    const nodes = new Map<string, NodeSpec>()
    for (const source of this.#sources) {
      const clashes: string[] = []
      for (const node of source.nodes) {
        if (nodes.has(node.id)) clashes.push(`${node.id}: the id is taken`)
        else if (nodes.size >= maxNodes) clashes.push(`${node.id}: more than ${maxNodes} nodes`)
        else nodes.set(node.id, node)
      }
      this.#warnOf(source, clashes)
    }
    this.#options.onNodes([...nodes.values()])
  }

  #warnOf(source: Source, clashes: readonly string[]): void {
    const before = new Set(source.clashes)
    source.clashes = clashes
    for (const problem of clashes) {
      if (before.has(problem)) continue
      this.#options.log('warn', { provider: source.provider.name, problem }, 'left out')
    }
  }
}
