import type { Collector } from './collector.ts'
import type { Upstream } from './upstream.ts'

/** One agent that is read, and the nodes it speaks for. */
type Agent = { readonly collector: Collector; readonly speaksFor: Set<Upstream> }

/** The agents of the fleet: each is read once, for as long as some node goes by its reports. */
export class Agents {
  readonly #collectorOf: (url: URL, speaksFor: Iterable<Upstream>) => Collector
  readonly #agents = new Map<string, Agent>()
  readonly #closing = new Set<Promise<void>>()
  #isStarted = false

  /** @param collectorOf reads the agent at a URL; the nodes it speaks for may change */
  constructor(collectorOf: (url: URL, speaksFor: Iterable<Upstream>) => Collector) {
    this.#collectorOf = collectorOf
  }

  get collectors(): readonly Collector[] {
    return [...this.#agents.values()].map(({ collector }) => collector)
  }

  /** From now on the agent at `url`, and no other, speaks for this node; with null, none does. */
  assign(upstream: Upstream, url: URL | null): void {
    for (const [href, agent] of this.#agents) {
      if (href === url?.href || !agent.speaksFor.delete(upstream)) continue
      if (agent.speaksFor.size > 0) continue
      this.#agents.delete(href)
      this.#end(agent.collector)
    }
    if (url === null) return
    const known = this.#agents.get(url.href)
    if (known !== undefined) known.speaksFor.add(upstream)
    else this.#begin(url, new Set([upstream]))
  }

  start(): void {
    this.#isStarted = true
    for (const { collector } of this.#agents.values()) collector.start()
  }

  async close(): Promise<void> {
    for (const { collector } of this.#agents.values()) this.#end(collector)
    this.#agents.clear()
    await Promise.all(this.#closing)
  }

  #begin(url: URL, speaksFor: Set<Upstream>): void {
    const collector = this.#collectorOf(url, speaksFor)
    this.#agents.set(url.href, { collector, speaksFor })
    if (this.#isStarted) collector.start()
  }

  #end(collector: Collector): void {
    const closing = collector.close().finally(() => this.#closing.delete(closing))
    this.#closing.add(closing)
  }
}
