import { setTimeout as pause } from 'node:timers/promises'
import type { FleetEvent } from '../fleet.ts'
import type { Engine, Head, Payload } from './engine.ts'
import { Disagreement, Follower } from './follower.ts'
import { deepestReorg, RecentChain } from './recent-chain.ts'

export type BlockDriverOptions = {
  /** Milliseconds from one block to the next; null: only {@link BlockDriver.seal} makes blocks. */
  readonly blockTimeMs: number | null
  readonly onEvent: (event: FleetEvent) => void
  /** Seconds since 1970 for the next block, unless its parent's are above. */
  readonly nowS?: () => number
}

/** A block is published to all within this, or goes on reaching the slow ones by itself. */
const maxPublishMs = 1_000
/** Blocks of the nodes' own chain that are looked at when it begins. */
const lookBack = 64

/**
 * The consensus client of all nodes of a fleet: once a block time it has one of them build a block,
 * and gives it to all as their head, through their Engine API.
 */
export class BlockDriver {
  readonly #options: BlockDriverOptions
  readonly #followers = new Map<string, Follower>()
  readonly #closing = new AbortController()
  #chain: RecentChain | null = null
  #salts = 0
  #sealing: Promise<void> | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: BlockDriverOptions) {
    this.#options = options
  }

  /** The last block's. @throws Error before {@link start} */
  get head(): Head {
    return this.#known.head
  }

  /**
   * Takes in nodes that are all on one chain, and makes the first block.
   * @param nodes the first one in step builds the blocks
   */
  async start(nodes: readonly { readonly id: string; readonly engine: Engine }[]): Promise<void> {
    const first = nodes[0]
    if (first === undefined) throw new RangeError('a chain takes at least one node')
    const { number } = await first.engine.head()
    this.#chain = new RecentChain(await first.engine.blocks(Math.max(0, number - lookBack), number))
    // Until its first forkchoice a node drops the transactions that its peers send it.
    await Promise.all(nodes.map(({ id, engine }) => this.join(id, engine)))
    await this.seal()
    const { blockTimeMs } = this.#options
    if (blockTimeMs !== null) this.#sealing = this.#keepSealing(blockTimeMs)
  }

  /** Takes in a node, new or started again. Resolves when it has the head, or is gone. */
  async join(id: string, engine: Engine): Promise<void> {
    const follower = new Follower({
      id,
      engine,
      chain: this.#known,
      onLate: (late, why) => this.#late(late, why),
    })
    this.#followers.set(id, follower)
    await follower.follow()
  }

  /** The node's process has ended. */
  async drop(id: string): Promise<void> {
    const follower = this.#followers.get(id)
    this.#followers.delete(id)
    await follower?.close()
  }

  /** Makes one block now, on all nodes that follow. @throws Error when no node can build it */
  seal(): Promise<Head> {
    return this.#inTurn(async () => {
      const { head } = this.#known
      this.#known.extend([await this.#build(head)])
      await this.#publish()
      return this.head
    })
  }

  /** The node gets no more blocks, and says of itself that nothing is wrong. */
  lag(id: string): void {
    this.#follower(id).hold()
  }

  /**
   * It gets them again, `behind` blocks later than the others. Resolves when it has the block it is
   * to have.
   */
  async catchUp(id: string, behind = 0): Promise<void> {
    await this.#follower(id).release(behind)
  }

  /**
   * Puts `depth` + 1 new blocks in place of the last `depth`. Nodes but the building one see them in
   * one step. Resolves when all that follow have them, or after a second.
   * @param depth 1 to 31
   * @param builder the node that builds them; any in step without it
   */
  reorg(depth: number, builder?: string): Promise<Head> {
    return this.#inTurn(async () => {
      let parent = this.#known.at(this.head.number - depth)
      if (!(depth >= 1 && depth <= deepestReorg) || parent === undefined) {
        throw new RangeError(`a reorganisation is 1 to ${deepestReorg} blocks deep, not ${depth}`)
      }
      const blocks: Payload[] = []
      const leader = builder === undefined ? this.#leader() : this.#follower(builder)
      if (!leader.isInStep) throw new Error(`${leader.id} is not in step to build blocks`)
      while (blocks.length <= depth) {
        const block = await this.#buildOn(leader, parent)
        // It must have the block before it can build upon it.
        await leader.engine.deliver(block)
        blocks.push(block)
        parent = block
      }
      this.#known.extend(blocks)
      await this.#publish()
      return this.head
    })
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([...this.#followers.keys()].map((id) => this.drop(id)))
    await this.#sealing
    await this.#turn
  }

  get #known(): RecentChain {
    if (this.#chain === null) throw new Error('there is no chain before start')
    return this.#chain
  }

  async #keepSealing(blockTimeMs: number): Promise<void> {
    const { signal } = this.#closing
    let dueMs = performance.now() + blockTimeMs
    for (;;) {
      // What took longer than a block time is followed by the next at once, once.
      await pause(Math.max(0, dueMs - performance.now()), undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      dueMs = Math.max(dueMs + blockTimeMs, performance.now())
      // With no node to build one there is no block this time; who is gone or late was told.
      await this.seal().catch(() => {})
    }
  }

  /** A block upon `parent` by the first node that can. */
  async #build(parent: Head): Promise<Payload> {
    for (;;) {
      const leader = this.#leader()
      try {
        return await this.#buildOn(leader, parent)
      } catch (error) {
        leader.doubt(error instanceof Error ? error : new Error(String(error)))
        void leader.follow()
      }
    }
  }

  async #buildOn(leader: Follower, parent: Head): Promise<Payload> {
    const nowS = this.#options.nowS ?? (() => Math.floor(Date.now() / 1000))
    this.#salts += 1
    const timestampS = Math.max(parent.timestampS + 1, nowS())
    const salt = `${parent.hash}/${this.#salts}`
    return await leader.engine.build(this.#known.forkchoice(parent), timestampS, salt)
  }

  async #publish(): Promise<void> {
    const giveUp = new AbortController()
    const { signal } = giveUp
    // Those that are late go on by themselves and hold nobody up.
    const prompt = [...this.#followers.values()].filter((follower) => follower.isGivenBlocks)
    const all = Promise.all(prompt.map((follower) => follower.follow()))
    await Promise.race([all, pause(maxPublishMs, undefined, { signal }).catch(() => {})])
    giveUp.abort()
  }

  #leader(): Follower {
    const inStep = [...this.#followers.values()].filter((follower) => follower.isInStep)
    // On a busy machine one that is in step may yet wait for the last block.
    const leader = inStep.find((follower) => follower.has(this.head.hash)) ?? inStep[0]
    if (leader === undefined) throw new Error('no node is in step to build a block')
    return leader
  }

  #follower(id: string): Follower {
    const follower = this.#followers.get(id)
    if (follower === undefined) throw new RangeError(`there is no node ${id}, or it is down`)
    return follower
  }

  #late({ id }: Follower, why: Error | null): void {
    if (this.#closing.signal.aborted) return
    const kind = why instanceof Disagreement ? 'diverged' : 'node-late'
    const text = why === null ? `${id} follows again` : `${id} does not follow: ${why.message}`
    this.#options.onEvent({ kind, id, text })
  }

  /** One at a time, first come first. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {}) // Told to who asked.
    return done
  }
}
