import type { Upstream } from './upstream.ts'

/** The fleet at one moment, as the request path reads it. Replaced whole, never changed. */
export type FleetView = {
  /** Nodes that reads may go to; empty when none can serve. */
  readonly readers: readonly Upstream[]
  /** The node that writes, pools, accounts and filters are kept on, or null. */
  readonly writer: Upstream | null
  /** The highest head of the nodes that are up, or null. */
  readonly head: number | null
  /** The chain all nodes must be on: a 0x quantity, or null before the first answer. */
  readonly chainId: string | null
}

export type FleetOptions = {
  /** Blocks a node may be behind the highest head and still take reads; not negative. */
  readonly maxLagBlocks: number
  /** The chain that nodes must be on, or null for the one that most of them are on. */
  readonly chainId: string | null
}

/** Hears of nodes that come and go. */
export type FleetWatcher = {
  joined(upstream: Upstream): void
  left(upstream: Upstream): void
}

/**
 * The set of upstreams and who among them may be asked. Whoever learns something about one of them
 * calls `refresh`, and the next call sees the new view.
 */
export class Fleet {
  readonly #options: FleetOptions
  readonly #onChange: (upstream: Upstream) => void
  #upstreams: readonly Upstream[] = []
  #view: FleetView = { readers: [], writer: null, head: null, chainId: null }
  #genesis: string | null = null
  readonly #shown = new Map<Upstream, string>()
  readonly #watchers = new Set<FleetWatcher>()

  /** @param onChange is told of each upstream whose health, drain, breaker, memory or rung changed. */
  constructor(
    upstreams: readonly Upstream[],
    options: FleetOptions,
    onChange: (upstream: Upstream) => void = () => {},
  ) {
    this.#options = options
    this.#onChange = onChange
    this.#enter(upstreams)
  }

  /** All nodes of the fleet, whatever they are worth now. Replaced whole, never changed. */
  get upstreams(): readonly Upstream[] {
    return this.#upstreams
  }

  get view(): FleetView {
    return this.#view
  }

  byId(id: string): Upstream | undefined {
    return this.#upstreams.find((upstream) => upstream.id === id)
  }

  /** Tells `watcher` of nodes that come and go, from now on until what it returns is called. */
  watch(watcher: FleetWatcher): () => void {
    this.#watchers.add(watcher)
    return () => this.#watchers.delete(watcher)
  }

  /** Takes nodes in, all at once: where there was none, the most of them say which chain it is. */
  add(upstreams: readonly Upstream[]): void {
    this.#enter(upstreams)
    this.refresh()
    for (const watcher of this.#watchers) for (const upstream of upstreams) watcher.joined(upstream)
  }

  /** Forgets a node: no call finds it any more. Those under way on it end as they would have. */
  remove(upstream: Upstream): void {
    if (!this.#upstreams.includes(upstream)) return
    this.#upstreams = this.#upstreams.filter((other) => other !== upstream)
    this.#shown.delete(upstream)
    upstream.onTurn = () => {}
    this.refresh()
    for (const watcher of this.#watchers) watcher.left(upstream)
  }

  /** Why a node that is not of the fleet yet cannot be, in words; null where nothing is against it. */
  objectionTo(upstream: Upstream): string | null {
    const chainId = this.#options.chainId ?? this.#view.chainId ?? upstream.chainId
    return objection(upstream, chainId, this.#genesis ?? upstream.genesis)
  }

  #enter(upstreams: readonly Upstream[]): void {
    this.#upstreams = [...this.#upstreams, ...upstreams]
    for (const upstream of upstreams) upstream.onTurn = () => this.refresh()
  }

  /** Builds the view anew from what is known of each upstream. */
  refresh(): void {
    const chainId = this.#options.chainId ?? this.#common(({ chainId }) => chainId)
    const genesis = this.#common(({ genesis }) => genesis)
    this.#genesis = genesis
    for (const upstream of this.#upstreams) this.#checkChain(upstream, chainId, genesis)
    const up = this.#upstreams.filter(({ health }) => health === 'up')
    const taking = up.filter((upstream) => !upstream.draining && upstream.breaker.lets)
    // Who is alone on a branch of its own may be as high as it likes.
    const head = up.reduce<number | null>((most, { head, asideSinceMs }) => {
      return head === null || asideSinceMs !== null ? most : Math.max(most ?? 0, head)
    }, null)
    const least = (head ?? 0) - this.#options.maxLagBlocks
    const near = taking.filter(({ head }) => (head ?? 0) >= least)
    // Nodes that lag beat none at all. Where all are draining they still serve: an operator who
    // drains the last node wants it gone, not the service.
    const serving = near.length > 0 ? near : taking.length > 0 ? taking : up
    // A node short of memory is spared reads while others can take them. It stays the write node:
    // to move a pool costs more than a few calls do.
    const roomy = serving.filter(({ isShortOfMemory }) => !isShortOfMemory)
    const readers = roomy.length > 0 ? roomy : serving
    this.#view = { readers, writer: this.#writer(serving), head, chainId }
    this.#announce()
  }

  /** Who wrote last goes on writing while it can, so that pools and nonces stay in one place. */
  #writer(readers: readonly Upstream[]): Upstream | null {
    const { writer } = this.#view
    return writer !== null && readers.includes(writer) ? writer : (readers[0] ?? null)
  }

  /** What most nodes that answered say; among equals, what the first of them says. */
  #common(said: (upstream: Upstream) => string | null): string | null {
    const votes = new Map<string, number>()
    for (const upstream of this.#upstreams) {
      const word = said(upstream)
      if (word !== null) votes.set(word, (votes.get(word) ?? 0) + 1)
    }
    let common: string | null = null
    for (const [word, count] of votes) {
      if (common === null || count > (votes.get(common) ?? 0)) common = word
    }
    return common
  }

  #checkChain(upstream: Upstream, chainId: string | null, genesis: string | null): void {
    const reason = objection(upstream, chainId, genesis)
    if (reason !== null && upstream.health === 'up') {
      upstream.health = 'wrong-chain'
      upstream.reason = reason
    } else if (reason === null && upstream.health === 'wrong-chain') {
      upstream.health = 'up'
      upstream.reason = null
    }
  }

  #announce(): void {
    for (const upstream of this.#upstreams) {
      const { health, reason, draining, breaker, isShortOfMemory, meter } = upstream
      const rung = meter.rung?.()
      const shown = `${health} ${reason} ${draining} ${breaker.state} ${isShortOfMemory} ${rung}`
      const before = this.#shown.get(upstream)
      this.#shown.set(upstream, shown)
      if (before !== undefined && before !== shown) this.#onChange(upstream)
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#upstreams.map((upstream) => upstream.close()))
  }
}

/** Why a node is none of this chain's, in words, or null. */
function objection(
  { chainId, declaredChainId, genesis }: Upstream,
  common: string | null,
  commonGenesis: string | null,
): string | null {
  if (chainId !== null && declaredChainId !== null && chainId !== declaredChainId) {
    return `chain ${chainId}, declared as ${declaredChainId}`
  }
  if (chainId !== null && chainId !== common) return `chain ${chainId}, the fleet's is ${common}`
  if (genesis === null || genesis === commonGenesis) return null
  return `its genesis block is ${genesis}, the fleet's is ${commonGenesis}`
}
