import { type NodeReport, parseReport, type Report, ReportError } from '../../agents/report.ts'
import type { Clock } from '../clock.ts'
import { Counts } from '../stats/counts.ts'
import { PushOrder } from './push-order.ts'
import { PushedAgent } from './pushed-agent.ts'
import { NamedReports, takeReport } from './report-intake.ts'
import type { Upstream } from './upstream.ts'

/** Why a pushed report was refused, as it is counted, and as an HTTP status. */
export const pushRefusals = { malformed: 400, unknown: 404, replayed: 409 } as const
export type PushRefusal = keyof typeof pushRefusals

/** A pushed report of which nothing was taken. */
export class PushError extends Error {
  override readonly name = 'PushError'
  readonly reason: PushRefusal

  constructor(reason: PushRefusal, message: string) {
    super(message)
    this.reason = reason
  }
}

/** What became of a report: how many of its nodes it was taken for, and which are none of ours. */
export type PushAnswer = { readonly taken: number; readonly unknown: readonly string[] }

/** Names of unknown nodes that are told back, at most. */
const maxUnknown = 16

/** Agents are counted apart up to so many; the one that is silent for longest makes room. */
const maxAgents = 1_024

/**
 * Takes reports that agents push because they cannot be reached. The same is asked of them as of
 * those that are read, and they age in the same way; beyond that, none is taken twice or after a
 * later one, and none for a node that is not of the fleet.
 */
export class PushedReports {
  readonly #upstreams: () => readonly Upstream[]
  readonly #clock: Clock
  readonly #onReport: (upstream: Upstream, report: NodeReport, sent: number) => void
  /** What was last taken for each node; gone with it. */
  readonly #orders = new WeakMap<Upstream, PushOrder>()
  readonly #agents = new Map<string, PushedAgent>()
  readonly refused = new Counts(4)

  /** @param onReport is told of each report that was taken */
  constructor(
    upstreams: () => readonly Upstream[],
    clock: Clock,
    onReport: (upstream: Upstream, report: NodeReport, sent: number) => void = () => {},
  ) {
    this.#upstreams = upstreams
    this.#clock = clock
    this.#onReport = onReport
    for (const reason of Object.keys(pushRefusals)) this.refused.add(reason, 0)
  }

  /** Those who pushed, by their host's name. */
  get agents(): readonly PushedAgent[] {
    return [...this.#agents.values()]
  }

  /**
   * @param value a decoded body
   * @throws PushError when nothing of it could be taken
   */
  take(value: unknown): PushAnswer {
    try {
      return this.#take(parsed(value))
    } catch (error) {
      if (error instanceof PushError) this.refused.add(error.reason)
      throw error
    }
  }

  #take(report: Report & { readonly boot: number }): PushAnswer {
    const nowMs = this.#clock.nowMs()
    const ours = this.#named(report)
    const known = new Set(ours.map(([, node]) => node))
    const unknown = report.nodes.filter((node) => !known.has(node)).map(({ name }) => name)
    if (ours.length === 0) {
      const names = unknown.slice(0, maxUnknown).join(', ')
      throw new PushError('unknown', names === '' ? 'it is about no node' : `no node ${names}`)
    }
    const news = ours.filter(([upstream]) => this.#orderOf(upstream).isNews(report, nowMs))
    if (news.length === 0)
      throw new PushError('replayed', 'not later than what was reported before')
    this.#agentOf(report.host).heard(report, nowMs)
    for (const [upstream, node] of news) {
      this.#orderOf(upstream).take(report, nowMs)
      if (takeReport(upstream, node, 'pushed', nowMs, report.t)) {
        this.#onReport(upstream, node, report.t)
      }
    }
    return { taken: news.length, unknown: unknown.slice(0, maxUnknown) }
  }

  #named({ nodes }: Report): (readonly [Upstream, NodeReport])[] {
    const named = new NamedReports(nodes)
    return this.#upstreams().flatMap((upstream) => {
      const node = named.of(upstream.reportedAs)
      return node === undefined ? [] : [[upstream, node] as const]
    })
  }

  #orderOf(upstream: Upstream): PushOrder {
    const known = this.#orders.get(upstream)
    if (known !== undefined) return known
    const order = new PushOrder()
    this.#orders.set(upstream, order)
    return order
  }

  #agentOf(host: string): PushedAgent {
    const known = this.#agents.get(host)
    if (known !== undefined) {
      // Behind all others, so that the first is the one that is silent for longest.
      this.#agents.delete(host)
      this.#agents.set(host, known)
      return known
    }
    const [oldest] = this.#agents.keys()
    if (this.#agents.size >= maxAgents && oldest !== undefined) this.#agents.delete(oldest)
    const agent = new PushedAgent(host, this.#clock)
    this.#agents.set(host, agent)
    return agent
  }
}

function parsed(value: unknown): Report & { readonly boot: number } {
  try {
    const { boot, ...report } = parseReport(value)
    if (boot === undefined) throw new ReportError('boot', 'want a finite number')
    return { ...report, boot }
  } catch (error) {
    if (!(error instanceof ReportError)) throw error
    throw new PushError('malformed', `no report: ${error.message}`)
  }
}
