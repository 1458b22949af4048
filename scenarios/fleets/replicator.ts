import { setTimeout as pause } from 'node:timers/promises'
import { type Block, hex, type SealedBlock } from './block.ts'
import { blockAt, Divergence, OutOfStep } from './block-maker.ts'
import { calm } from './calm.ts'
import { catchUp } from './catch-up.ts'
import type { FleetEvent } from './fleet.ts'
import { KnownTransactions } from './known-transactions.ts'
import { Member } from './member.ts'
import { Round } from './round.ts'

export type ReplicatorOptions = {
  /** Milliseconds from one block to the next; above 0. */
  readonly blockTimeMs: number
  readonly onEvent: (event: FleetEvent) => void
}

/** A node that cannot be brought up to the head now is tried again after this. */
const retryMs = 1_000
/** A node that is silent is given this long to turn out to have ended. */
const doubtMs = 250
/** A node that has not made its block by then has no say in what is in it. */
const maxReportMs = 1_000

/**
 * Keeps nodes that know nothing of each other on one chain.
 *
 * A transaction that comes to one node is given to all. Once a block time one node seals a block of
 * what its pool holds, and the others make the same block: same transactions, order and timestamp.
 * The sealing node is the one that transactions come to, because what comes in elsewhere in the
 * milliseconds between the two makes another block there, which has to be replaced.
 */
export class Replicator {
  readonly #options: ReplicatorOptions
  readonly #known = new KnownTransactions()
  readonly #members = new Map<string, Member>()
  readonly #closing = new AbortController()
  #sealer: Member | null = null
  #head: Block | null = null
  /** The end of the last thing that must not run beside a sealing. */
  #turn: Promise<void> = Promise.resolve()
  #sealing: Promise<void> | null = null

  constructor(options: ReplicatorOptions) {
    this.#options = options
  }

  /** The last sealed block; null before {@link start}. */
  get head(): Block | null {
    return this.#head
  }

  /**
   * Takes in the first nodes, all at the same genesis, and begins to seal. Resolves after block 1.
   * @param nodes the first one seals until transactions come to another
   * @throws Divergence when their genesis blocks differ
   */
  async start(nodes: readonly { readonly id: string; readonly url: string }[]): Promise<void> {
    for (const { id, url } of nodes) {
      const member = this.#member(id, url)
      const genesis = await blockAt(member.rpc, 'latest')
      this.#head ??= genesis
      if (genesis.hash !== this.#head.hash) throw new Divergence(url, this.#head, genesis)
      member.enter()
    }
    await this.#inTurn(() => this.#seal())
    this.#sealing = this.#keepSealing()
  }

  /** Takes in a node that was started again. Resolves when it has the fleet's head, or is gone. */
  async join(id: string, url: string): Promise<void> {
    const member = this.#member(id, url)
    await this.#bringUp(member)
    if (!member.isInStep) return
    const text = `${id} was replayed to block ${this.#head?.number ?? 0} and takes part again`
    this.#options.onEvent({ kind: 'node-back', id, text })
  }

  /** The node's process has ended. */
  async drop(id: string): Promise<void> {
    const member = this.#members.get(id)
    this.#members.delete(id)
    if (this.#sealer === member) this.#sealer = null
    await member?.close()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    // Ends the calls under way: a node that is frozen would keep us waiting for its answer.
    await Promise.all([...this.#members.values()].map(({ rpc }) => rpc.close()))
    await this.#sealing
    await this.#turn
    await Promise.all([...this.#members.keys()].map((id) => this.drop(id)))
  }

  #member(id: string, url: string): Member {
    const member = new Member({
      id,
      url,
      known: this.#known,
      onArrival: (origin, hash, raw) => this.#spread(origin, hash, raw),
      onCorrected: (at, block) => {
        this.#corrected(at.id, `its block ${block} was replaced by what the others have`)
      },
      onLost: (lost, error) => this.#lost(lost, error),
    })
    this.#members.set(id, member)
    return member
  }

  #inStep(): readonly Member[] {
    return [...this.#members.values()].filter((member) => member.isInStep)
  }

  #spread(origin: Member, hash: string, raw: string): void {
    if (!this.#known.add(hash, raw, this.#head?.number ?? 0)) return
    origin.arrivals += 1
    origin.lastArrivalMs = performance.now()
    for (const member of this.#members.values()) if (member !== origin) member.offer(hash)
  }

  async #keepSealing(): Promise<void> {
    const { signal } = this.#closing
    const { blockTimeMs } = this.#options
    const arrivalsMs = () => this.#inStep().map(({ lastArrivalMs }) => lastArrivalMs)
    let dueMs = performance.now() + blockTimeMs
    while (!signal.aborted) {
      // A sealing that took longer than a block time is followed by the next at once, once.
      await this.#wait(Math.max(0, dueMs - performance.now()))
      dueMs = Math.max(dueMs + blockTimeMs, performance.now())
      await calm(arrivalsMs, blockTimeMs, signal)
      if (!signal.aborted) await this.#inTurn(() => this.#seal())
    }
  }

  /** One block on all nodes. A sealing node that fails is left out, and another takes over. */
  async #seal(): Promise<void> {
    for (let sealer = this.#chooseSealer(); sealer !== null; sealer = this.#chooseSealer()) {
      if (this.#head === null || (await this.#sealWith(sealer, this.#head))) break
    }
    for (const member of this.#inStep()) member.tidy()
  }

  async #sealWith(sealer: Member, parent: Block): Promise<boolean> {
    const followers = this.#inStep().filter((member) => member !== sealer)
    // From here on nothing new goes to the others, so that their pools hold what the sealer's does.
    for (const member of followers) member.pause(false)
    sealer.pause(true)
    try {
      const nowS = Math.floor(Date.now() / 1000)
      const first = await sealer.seal(parent, Math.max(parent.timestampS + 1, nowS))
      const block = await this.#agree(sealer, followers, first)
      this.#head = block
      this.#known.settle(block.number, block.transactions)
      return true
    } catch (error) {
      // Nobody knows whether it got as far as to show its block.
      this.#corrected(sealer.id, `block ${parent.number + 1} was its to seal: another node does it`)
      sealer.lose(error)
      return false
    } finally {
      for (const member of this.#inStep()) member.resume()
    }
  }

  /**
   * Has all nodes make a block. What some of them had in it beyond the sealer's becomes part of it,
   * so that no transaction that was in a block of any node is taken out of it again.
   */
  async #agree(sealer: Member, followers: readonly Member[], first: SealedBlock) {
    const ids = followers.map(({ id }) => id)
    const round = new Round(first, ids)
    for (const member of followers) member.follow(round)
    await round.reported(maxReportMs)
    let final = first
    try {
      if (round.extras.length > 0) {
        this.#corrected(
          sealer.id,
          `block ${first.number} is sealed anew with what others had in it`,
        )
        final = await sealer.extend(first, round.extras)
      }
    } catch (error) {
      sealer.lose(error) // The others have the block as it was at first.
    }
    round.decide(final)
    return final
  }

  /** The node that most transactions came to since the last block; on equality the present one. */
  #chooseSealer(): Member | null {
    const inStep = this.#inStep()
    const present = inStep.find((member) => member === this.#sealer) ?? inStep[0] ?? null
    this.#sealer = inStep.reduce(
      (best, member) => (best !== null && member.arrivals > best.arrivals ? member : best),
      present,
    )
    for (const member of inStep) member.arrivals = 0
    return this.#sealer
  }

  /** A block that clients may have seen on this node is not the one that stays. */
  #corrected(id: string, text: string): void {
    this.#options.onEvent({ kind: 'node-corrected', id, text: `${id}: ${text}` })
  }

  #lost(member: Member, error: unknown): void {
    if (this.#closing.signal.aborted) return
    void this.#wait(doubtMs).then(async () => {
      if (!this.#has(member)) return // It was not late but dead, which others tell.
      const why = error instanceof Error ? error.message : String(error)
      const text = `${member.id} does not follow: ${why}`
      this.#options.onEvent({ kind: 'node-late', id: member.id, text })
      await this.#bringUp(member)
      const again = `${member.id} follows again`
      if (member.isInStep) this.#options.onEvent({ kind: 'node-late', id: member.id, text: again })
    })
  }

  async #bringUp(member: Member): Promise<void> {
    while (this.#has(member)) {
      try {
        return await this.#replay(member)
      } catch (error) {
        if (error instanceof Divergence) return this.#diverge(member, error)
        await this.#wait(retryMs) // Silent, or behind again: there will be a next time.
      }
    }
  }

  #diverge(member: Member, error: Divergence): void {
    this.#closing.abort()
    const text = `${member.id} is on another chain: ${error.message}`
    this.#options.onEvent({ kind: 'diverged', id: member.id, text })
  }

  async #replay(member: Member): Promise<void> {
    await member.settled() // It may be in the midst of a block.
    const source = this.#inStep().find((other) => other === this.#sealer) ?? this.#inStep()[0]
    if (source === undefined) return this.#inTurn(() => this.#adopt(member))
    // The long way beside the sealing, then what was sealed meanwhile.
    await catchUp(member, source.rpc)
    await catchUp(member, source.rpc)
    await this.#inTurn(async () => {
      await source.upToDate()
      const reached = await catchUp(member, source.rpc)
      if (reached.hash !== this.#head?.hash) throw new OutOfStep(`${source.id} has moved on`)
      member.enter()
    })
  }

  /** With no other node in step, the chain is that of a node that has the last block. */
  async #adopt(member: Member): Promise<void> {
    const latest = await blockAt(member.rpc, 'latest')
    const lastSealed = this.#head?.number ?? 0
    const own = latest.number < lastSealed ? null : await blockAt(member.rpc, hex(lastSealed))
    if (own?.hash !== this.#head?.hash) {
      if (this.#members.size > 1) throw new OutOfStep('another node may have the chain')
      const text = `no node is left that has the chain: it goes on from block ${latest.number}`
      this.#options.onEvent({ kind: 'note', text })
    }
    this.#head = latest
    member.enter()
  }

  #has(member: Member): boolean {
    return !this.#closing.signal.aborted && this.#members.get(member.id) === member
  }

  async #wait(ms: number): Promise<void> {
    // Cut short by the closing, which is no failure.
    await pause(ms, undefined, { signal: this.#closing.signal }).catch(() => {})
  }

  /** One at a time, first come first. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.#turn
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#turn = promise
    await before
    try {
      await work()
    } finally {
      resolve()
    }
  }
}
