import type { Clock } from '../clock.ts'
import type { Block } from '../upstream/block.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { HeadSink } from '../upstream/head.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { BlockTime } from './block-time.ts'
import { Chain, type Change, type Vote } from './chain.ts'
import { Epochs } from './epochs.ts'
import { haveStateByHash, heightOf, isVoter } from './voters.ts'
import { Waits } from './waits.ts'

export type HeadOptions = {
  /** Nodes that must hold a block before it is served; at least 1. */
  readonly quorum: number
  /** A call waits for a node to catch up at most so long, and no longer than a block takes. */
  readonly maxWaitMs: number
}

/** After so long without anybody who holds the head, it has fallen: the chain goes on lower. */
const holdMs = 10_000

/** However fast blocks come: a machine that is busy may stop a process for half of it. */
const minWaitMs = 1_000

/** A height so far above the head that blocks must prove it. */
const maxLeapBlocks = 16

/**
 * The head that the fleet serves, and who among the readers has it. Fed by the followers of the
 * nodes' heads and by answers; read by every call, so all that a call needs is at hand.
 */
export class Heads implements HeadSink {
  readonly #fleet: Fleet
  readonly #options: HeadOptions
  readonly #clock: Clock
  readonly #chain: Chain
  readonly #heads = new Map<Upstream, Block>()
  /** Those on a block whose place is not known yet. */
  readonly #turning = new Set<Upstream>()
  readonly #waits = new Waits()
  readonly #blockTime = new BlockTime()
  readonly #epochs: Epochs
  readonly #listeners = new Set<(change: Change) => void>()
  /** Told of each header that a node tells of itself, in the node's own bytes. */
  onHeader: ((block: Block, header: Buffer) => void) | null = null
  #view: unknown = null
  #fresh: readonly Upstream[] = []
  #fellAtMs: number | null = null
  /** Height of the head that is served; 0 before any is known. */
  tip = 0
  safe = 0
  finalized = 0
  /** Answers that were taken for a node's state. */
  softMisses = 0

  constructor(fleet: Fleet, options: HeadOptions, clock: Clock) {
    this.#fleet = fleet
    this.#options = options
    this.#clock = clock
    this.#chain = new Chain(options.quorum)
    this.#epochs = new Epochs(clock, () => this.waitMs)
  }

  /** Whether nobody else could know better: one node is right, whatever it says. */
  get isAlone(): boolean {
    return this.#fleet.upstreams.length === 1
  }

  get hasStateByHash(): boolean {
    return haveStateByHash(this.#fleet.upstreams)
  }

  get blockTimeMs(): number | null {
    return this.#blockTime.ms
  }

  get head(): Block | null {
    return this.#chain.head
  }

  get readers(): readonly Upstream[] {
    return this.#fleet.view.readers
  }

  get writer(): Upstream | null {
    return this.#fleet.view.writer
  }

  /** Looks at every node's head now. */
  async look(): Promise<void> {
    await Promise.all(this.#fleet.upstreams.map((upstream) => upstream.look?.()))
    this.recount()
  }

  /** Tells `listener` of each change of the chain that is served, from now on until it is called. */
  onChange(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  knows(hash: string): boolean {
    return this.#chain.tree.at(hash) !== null
  }

  turning(upstream: Upstream): void {
    if (this.#heads.size === 0) return
    this.#turning.add(upstream)
    this.recount()
  }

  take(upstream: Upstream, head: Block, blocks: readonly Block[]): void {
    for (const block of blocks) this.#chain.tree.add(block)
    this.#chain.tree.add(head)
    this.#chain.moved(this.#heads.get(upstream), head)
    this.#heads.set(upstream, head)
    this.#turning.delete(upstream)
    this.#fleet.refresh()
    this.recount()
  }

  /** Whether a node that comes may be believed: it is not far above the head, or its block proves it. */
  mayBelieve(upstream: Upstream): boolean {
    const { head } = this.#fleet.view
    if (head === null || (upstream.head ?? 0) <= head + maxLeapBlocks) return true
    return this.#heads.get(upstream)?.number === upstream.head
  }

  /** A node has left the fleet: its head counts no more. */
  forget(upstream: Upstream): void {
    this.#heads.delete(upstream)
    this.#turning.delete(upstream)
    this.recount()
  }

  heard(block: Block, header: Buffer): void {
    this.onHeader?.(block, header)
  }

  tagged(_upstream: Upstream): void {
    for (const { finalized, safe } of this.#fleet.upstreams) {
      this.safe = Math.max(this.safe, safe ?? 0)
      this.finalized = Math.max(this.finalized, finalized ?? 0)
    }
  }

  /**
   * An answer of a node showed that it has this height.
   * @returns false where it leaps so far that only blocks can prove it
   */
  learn(upstream: Upstream, number: number): boolean {
    if (upstream.head !== null && number <= upstream.head) return true
    if (this.tip > 0 && number > this.tip + maxLeapBlocks) return false
    upstream.hear(number, this.#clock.nowMs())
    this.recount()
    return true
  }

  /** An answer of a node showed that its head is lower than it was known to be. */
  doubt(upstream: Upstream, number: number): void {
    if (upstream.head === null || number >= upstream.head) return
    // It may have moved on since: only a look tells. The health check sees who cannot be looked at.
    void upstream.look?.()
  }

  /** Whether the chain of a node may hold the block of this hash, as far as is known. */
  mayHold(upstream: Upstream, hash: string): boolean {
    const head = this.#heads.get(upstream)
    return head === undefined || this.#chain.mayHold(hash, head, upstream.head ?? 0)
  }

  /** Whether a block that an answer shows must not be shown; see {@link Chain.isForeign}. */
  isForeign(number: number, hash: string): boolean {
    return this.#chain.isForeign(number, hash)
  }

  /** The readers that have the head; `readers` itself where that is all of them. */
  freshAmong(readers: readonly Upstream[]): readonly Upstream[] {
    if (this.#view !== this.#fleet.view) this.recount()
    if (readers === this.#fleet.view.readers) return this.#fresh
    return readers.filter((upstream) => this.#isFresh(upstream))
  }

  /** What a client that was shown `floor` in `epoch` may still be held to. */
  floorOf(floor: number, epoch: number): number {
    return this.#epochs.floorOf(floor, epoch, this.tip)
  }

  /** Reorganisations so far, falls included. */
  get epoch(): number {
    return this.#epochs.count
  }

  /** The height below which no head is shown to anybody; see {@link Epochs.shown}. */
  get shown(): number {
    return this.#epochs.shown(this.tip)
  }

  /** Whether a node on another branch went there so lately that the others may follow. */
  mayTurnTo({ asideSinceMs }: Upstream): boolean {
    return asideSinceMs !== null && this.#clock.nowMs() - asideSinceMs < this.waitMs
  }

  /** While nobody has the head, clients that were not shown it need not wait for ever. */
  get isFallen(): boolean {
    return this.#fellAtMs !== null && this.#clock.nowMs() - this.#fellAtMs > this.waitMs
  }

  get nowMs(): number {
    return this.#clock.nowMs()
  }

  /** How long a call may wait for a node to catch up. */
  get waitMs(): number {
    const { maxWaitMs } = this.#options
    if (this.blockTimeMs === null) return maxWaitMs
    return Math.min(maxWaitMs, Math.max(minWaitMs, this.blockTimeMs))
  }

  /** Waits for `isMet`, which a change of a head may bring about; see {@link Waits.reach}. */
  reach(isMet: () => boolean, ms: number): Promise<boolean> {
    return this.#waits.reach(isMet, ms)
  }

  /** Builds anew what calls read. Whoever learns something about a node's head calls it. */
  recount(): void {
    const nowMs = this.#clock.nowMs()
    const voters = this.#fleet.upstreams.filter(isVoter)
    const mayFall = this.#mayFall(nowMs)
    const votes = voters.flatMap((upstream): Vote[] => {
      const block = this.#heads.get(upstream)
      if (block === undefined) return []
      const isTurning = this.#turning.has(upstream)
      return [{ block, weight: mayFall ? 1 : this.#chain.weightOf(block, isTurning) }]
    })
    const change = this.#chain.decide(votes, mayFall)
    const turned = this.#markAside(nowMs)
    const height = heightOf(voters, this.#options.quorum)
    if (change?.kind === 'reorg') this.#begin(height ?? this.tip, this.shown)
    else if (height !== null && height >= this.tip) this.#rise(height, nowMs)
    else if (height !== null && mayFall) this.#begin(height, 0)
    else this.#fellAtMs = voters.length > 0 ? (this.#fellAtMs ?? nowMs) : null
    // Lag is counted from the branch that is served.
    if (turned) this.#fleet.refresh()
    this.#view = this.#fleet.view
    const { readers } = this.#fleet.view
    const fresh = readers.filter((upstream) => this.#isFresh(upstream))
    this.#fresh = fresh.length === readers.length ? readers : fresh
    if (change !== null) for (const listener of this.#listeners) listener(change)
    this.#waits.look()
  }

  #mayFall(nowMs: number): boolean {
    return this.isAlone || (this.#fellAtMs !== null && nowMs - this.#fellAtMs > holdMs)
  }

  #rise(height: number, nowMs: number): void {
    this.#fellAtMs = null
    if (height === this.tip) return
    const blocks = height - this.tip
    this.#blockTime.advance(this.tip > 0 && blocks <= maxLeapBlocks ? blocks : null, nowMs)
    this.tip = height
  }

  /** Another branch is served from now on, or a lower head: what clients were shown above is void. */
  #begin(height: number, before: number): void {
    this.#fellAtMs = null
    this.#epochs.begin(before)
    this.tip = height
  }

  /** True where a node went to another branch or came back from one. */
  #markAside(nowMs: number): boolean {
    let turned = false
    for (const [upstream, block] of this.#heads) {
      const isAside = this.#turning.has(upstream) || this.#chain.isAside(block)
      if (isAside === (upstream.asideSinceMs !== null)) continue
      upstream.asideSinceMs = isAside ? nowMs : null
      turned = true
    }
    return turned
  }

  #isFresh({ head, asideSinceMs }: Upstream): boolean {
    return asideSinceMs === null && (head ?? 0) >= this.tip
  }

  /** What of it is shown to people and metrics. */
  snapshot() {
    const { tip, safe, finalized, blockTimeMs, epoch: reorgs, softMisses } = this
    const { count: waits, inVain: vainWaits } = this.#waits
    const hash = this.head?.hash ?? null
    return { head: tip, hash, safe, finalized, blockTimeMs, reorgs, softMisses, waits, vainWaits }
  }

  /** Ends every wait. */
  close(): void {
    this.#waits.close()
  }
}
