import type { NodeReport } from '../agents/report.ts'
import type { StrategyName } from './balance/strategies.ts'
import type { Config } from './config.ts'
import type { Upstream } from './upstream/upstream.ts'

/** Strategies that weigh nodes by their cores. */
const needsCores: ReadonlySet<StrategyName> = new Set([
  'weighted-round-robin',
  'weighted-least-connection',
  'state-space',
])

type Warn = (details: object, message: string) => void

/**
 * Says of which nodes nobody knows what they can do: strategies that go by cores take one for the
 * other then, which costs more than any of them gains (policy study: 14.3 ms for 7.1).
 */
export class UnknownCores {
  readonly #warn: Warn
  readonly #strategy: () => StrategyName
  readonly #told = new WeakSet<Upstream>()

  constructor(warn: Warn, strategy: () => StrategyName) {
    this.#warn = warn
    this.#strategy = strategy
  }

  /** Nodes that are configured, before any of them is asked. */
  ofNodes(nodes: Config['nodes']): void {
    const unknown = nodes.filter(({ cores, agent }) => cores === undefined && agent === undefined)
    if (nodes.length < 2 || unknown.length === 0 || !needsCores.has(this.#strategy())) return
    this.#warn(
      { nodes: unknown.map(({ id }) => id), strategy: this.#strategy() },
      'cores unknown: these nodes are taken to have 1 each; say them with --cores ID=N, or name an agent with --agent ID=URL',
    )
  }

  /** A node whose agent reported: once for each that does not say what it can do. */
  ofReport(upstream: Upstream, { cap, raw, gone }: NodeReport): void {
    const isKnown = upstream.cores !== null || cap.cpus !== undefined || raw.quota_s !== undefined
    if (isKnown || gone === true || !needsCores.has(this.#strategy())) return
    if (this.#told.has(upstream)) return
    this.#told.add(upstream)
    this.#warn(
      { node: upstream.id, strategy: this.#strategy() },
      'cores unknown: its agent does not tell them and it is taken to have 1; say them with --cores ID=N',
    )
  }
}
