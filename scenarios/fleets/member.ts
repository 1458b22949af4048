import type { Block, SealedBlock } from './block.ts'
import { mineBlock, OutOfStep, remakeHead, replaceHead, signedTransactions } from './block-maker.ts'
import type { KnownTransactions } from './known-transactions.ts'
import { NodePool } from './node-pool.ts'
import { NodeRpc } from './node-rpc.ts'
import type { Round, Signed } from './round.ts'

export type MemberOptions = {
  readonly id: string
  readonly url: string
  readonly known: KnownTransactions
  /** A transaction came in here that no node is known to have. */
  readonly onArrival: (member: Member, hash: string, raw: string) => void
  /** A block it had made is replaced by the sealed one, or taken back. */
  readonly onCorrected: (member: Member, block: number) => void
  /** It could not follow, `error` says why, and is out until {@link Member.enter}. */
  readonly onLost: (member: Member, error: unknown) => void
}

/** One call to a node that is alive, though busy, takes at most this. */
const timeoutMs = 5_000
/** Blocks that a slow node may be behind before it is left alone and brought up later. */
const maxQueuedBlocks = 32

/**
 * One running node as the replicator sees it. Transactions and blocks for it are queued here and
 * given to it one after the other, so that a slow node holds up no other.
 */
export class Member {
  readonly id: string
  readonly rpc: NodeRpc
  readonly pool: NodePool
  /** Transactions that came to this node first, since the replicator last set it back. */
  arrivals = 0
  /** When the last of them came, on the clock of `performance.now()`. */
  lastArrivalMs = Number.NEGATIVE_INFINITY
  readonly #options: MemberOptions
  #offers: string[] = []
  readonly #rounds: Round[] = []
  #isInStep = false
  #isPaused = false
  #isMaking = false
  #isUntidy = false
  /** How many of the offers still go out in a pause. */
  #flushing = 0
  #work: Promise<void> | null = null

  constructor(options: MemberOptions) {
    const { id, url, known } = options
    this.id = id
    this.#options = options
    this.rpc = new NodeRpc(url, timeoutMs)
    this.pool = new NodePool({
      rpc: this.rpc,
      known,
      onArrival: (hash, raw) => options.onArrival(this, hash, raw),
    })
  }

  /** True while it has the fleet's head, or the blocks up to it are queued here. */
  get isInStep(): boolean {
    return this.#isInStep
  }

  /** From now on it gets every transaction and block. It must have the fleet's head. */
  enter(): void {
    this.#isInStep = true
    this.#isPaused = false
    this.#offers = [...this.#options.known.waiting()]
    this.#wake()
  }

  /** Queues a transaction for its pool; in vain while it is out of step. */
  offer(hash: string): void {
    if (!this.#isInStep) return
    this.#offers.push(hash)
    this.#wake()
  }

  /**
   * Holds back the transactions that are offered from now on, until {@link resume} or the next block.
   * @param flush whether those offered before still go out
   */
  pause(flush: boolean): void {
    this.#isPaused = true
    this.#flushing = flush ? this.#offers.length : 0
  }

  resume(): void {
    this.#isPaused = false
    this.#wake()
  }

  /** Queues a block for it to make; in vain while it is out of step. */
  follow(round: Round): void {
    this.#rounds.push(round)
    if (!this.#isInStep) this.#leave()
    else if (this.#rounds.length > maxQueuedBlocks) {
      this.lose(new OutOfStep(`${this.#rounds.length} blocks behind`))
    } else this.resume()
  }

  /** Resolves when it has been given all that may go out now, or is out of step. */
  async settled(): Promise<void> {
    while (this.#work !== null) await this.#work
  }

  /** Queues a look at what its pool has lost; that is given to it again. */
  tidy(): void {
    this.#isUntidy = true
    this.#wake()
  }

  /** Resolves when it has made all blocks that were queued for it, or is out of step. */
  async upToDate(): Promise<void> {
    while (this.#work !== null && (this.#isMaking || this.#rounds.length > 0)) await this.#work
  }

  /** Puts it out of step: it is given nothing more until {@link enter}. */
  lose(error: unknown): void {
    if (!this.#isInStep) return
    this.#leave()
    this.#options.onLost(this, error)
  }

  /**
   * Makes the next block of all that its pool holds.
   * @throws OutOfStep, NodeRefusal, NodeSilence
   */
  async seal(parent: Block, timestampS: number): Promise<SealedBlock> {
    await this.settled()
    const block = await mineBlock(this.rpc, parent.number + 1, timestampS)
    const signed = new Map(await this.#signed(block.transactions))
    return this.#sealed(block, parent.timestampS, signed)
  }

  /**
   * Makes its last block once more with some transactions behind its own.
   * @throws OutOfStep, NodeRefusal, NodeSilence
   */
  async extend(block: SealedBlock, extras: readonly Signed[]): Promise<SealedBlock> {
    const raws = [...block.raws, ...extras.map(([, raw]) => raw)]
    const remade = await remakeHead(this.rpc, block, raws)
    const own = block.transactions.map((hash, i): Signed => [hash, block.raws[i] ?? ''])
    return this.#sealed(remade, block.parentTimestampS, new Map([...own, ...extras]))
  }

  /**
   * Makes the block of a round. Where a transaction came in at the last moment, or in another order
   * than on the sealing node, that is another block at first, and is replaced by the final one.
   * What is not in that goes back to the pools.
   * @throws Divergence when the hashes differ even then; OutOfStep, NodeRefusal, NodeSilence
   */
  async make(round: Round): Promise<void> {
    const { first } = round
    let extras: readonly Signed[] = []
    let made: Block
    try {
      // What it lacks comes first, in the block's order.
      await this.pool.give(first.transactions.map((hash, i) => [hash, first.raws[i]]))
      made = await mineBlock(this.rpc, first.number, first.timestampS)
      const own = new Set(first.transactions)
      extras = await this.#signed(made.transactions.filter((hash) => !own.has(hash)))
    } finally {
      round.report(this.id, extras)
    }
    const final = await round.final
    this.pool.remove(final.transactions)
    if (made.hash === final.hash) return
    this.corrected(final.number)
    await replaceHead(this.rpc, final)
    const sealed = new Set(final.transactions)
    const beyond = extras.filter(([hash]) => !sealed.has(hash))
    // At once: until they are back, the node counts its accounts' nonces without them.
    this.pool.remove(beyond.map(([hash]) => hash))
    await this.pool.give(beyond)
    for (const [hash, raw] of beyond) this.pool.bring(hash, raw)
  }

  /** Tells that its block `number` does not stay, which clients may have seen. */
  corrected(number: number): void {
    this.#options.onCorrected(this, number)
  }

  async close(): Promise<void> {
    this.#leave()
    this.pool.close()
    await this.rpc.close()
    await this.settled()
  }

  #wake(): void {
    if (this.#work !== null || !this.#isInStep) return
    if (this.#rounds.length === 0 && !this.#isUntidy && this.#mayGive() === 0) return
    this.#work = this.#workOff()
      .catch((error: unknown) => this.lose(error))
      .finally(() => {
        this.#work = null
        this.#wake()
      })
  }

  /** Blocks first, then its pool's order, then what is new. */
  async #workOff(): Promise<void> {
    const round = this.#rounds.shift()
    if (round !== undefined) {
      this.#isMaking = true
      await this.make(round).finally(() => {
        this.#isMaking = false
      })
    } else if (this.#isUntidy) {
      this.#isUntidy = false
      await this.pool.compare()
      const missing = [...this.#options.known.waiting()].filter((hash) => !this.pool.holds(hash))
      this.#offers = [...new Set([...missing, ...this.#offers])]
      if (this.#flushing > 0) this.#flushing = this.#offers.length
    } else {
      const hashes = this.#offers.splice(0, this.#mayGive())
      this.#flushing = 0
      const { known } = this.#options
      await this.pool.give(hashes.map((hash) => [hash, known.raw(hash)]))
    }
  }

  /** Transactions that this node has in its pool or chain. */
  async #signed(hashes: readonly string[]): Promise<readonly Signed[]> {
    const { known } = this.#options
    const unknown = hashes.filter((hash) => known.raw(hash) === undefined)
    const raws = await signedTransactions(this.rpc, unknown)
    const fetched = new Map(unknown.map((hash, i) => [hash, raws[i] ?? '']))
    return hashes.map((hash) => [hash, known.raw(hash) ?? fetched.get(hash) ?? ''])
  }

  #sealed(
    block: Block,
    parentTimestampS: number,
    signed: ReadonlyMap<string, string>,
  ): SealedBlock {
    this.pool.remove(block.transactions)
    const raws = block.transactions.map((hash) => signed.get(hash) ?? '')
    return { ...block, parentTimestampS, raws }
  }

  /** How many of the offers may go out now. */
  #mayGive(): number {
    return this.#isPaused ? this.#flushing : this.#offers.length
  }

  #leave(): void {
    this.#isInStep = false
    this.#offers = []
    this.#isUntidy = false
    for (const round of this.#rounds.splice(0)) round.report(this.id, [])
    this.#flushing = 0
  }
}
