import type { Clock } from '../clock.ts'
import { stringAt } from '../rpc/call.ts'
import { type Block, blockOf, numberOf } from './block.ts'
import type { NodeSocket } from './node-socket.ts'
import { SideLine } from './side-line.ts'
import type { Upstream } from './upstream.ts'

/** What hears of the blocks of a node. */
export type HeadSink = {
  /** Whether a block is known already, so that its ancestors need not be asked for. */
  knows(hash: string): boolean
  /** The node's head is a block whose place is not known yet; `take` follows. */
  turning(upstream: Upstream): void
  /** The node's head is `head` now; `blocks` are ancestors that were not known, lowest first. */
  take(upstream: Upstream, head: Block, blocks: readonly Block[]): void
  /** Heights of its `safe` and `finalized` blocks are written on the upstream. */
  tagged(upstream: Upstream): void
  /** The node told of this block, in these bytes. */
  heard?(block: Block, header: Buffer): void
  /** Time between two blocks, milliseconds; null before it is known. */
  readonly blockTimeMs: number | null
}

/** A node that does not answer for so long is asked again later. */
const timeoutMs = 2_000

/** A block with the hashes of some 60,000 transactions. */
const maxAnswerBytes = 4_194_304

/** Missing blocks are walked so far: more than any reorganisation that is still one. */
const maxWalk = 128

/** A node that tells of one head after another while it is asked is asked so often. */
const maxAsks = 3

/** Before anything is known, a few ancestors connect nodes that are a little behind. */
const firstWalk = 8

/** Bounds of the time between two looks at a node that does not tell of its heads. */
const minPollMs = 50
const maxPollMs = 1_000

/** Between tries to be told: at first, and at most. */
const firstRetryMs = 1_000
const maxRetryMs = 60_000

/** A node that shows no blocks at all is looked at so seldom; its height is known all the same. */
const blindPollMs = 10_000

/** `safe` and `finalized` move once in some minutes; asked for at most so often. */
const tagEveryMs = 2_000

/**
 * Follows the head of one node: told by `newHeads` where it speaks WebSocket, else by looking, more
 * often when the next block is due. Gaps are filled by parent hash, since a node that switches over
 * several blocks at once tells of the last alone.
 */
export class HeadFollower {
  readonly #upstream: Upstream
  readonly #socket: NodeSocket
  readonly #sink: HeadSink
  readonly #clock: Clock
  readonly #line: SideLine
  #isTold = false
  #isBlind = false
  #retryMs = firstRetryMs
  #retry: NodeJS.Timeout | undefined
  #poll: NodeJS.Timeout | undefined
  #looking: Promise<void> | null = null
  /** Heads told of that are not taken yet; only the last matters, the walk finds the others. */
  #next: Block | null = null
  #nextAsOfMs = 0
  #isTaking = false
  #last: Block | null = null
  /** What the node told of last, and the head that a look showed before it was told; or null. */
  #told: Block | null = null
  #foreseen: Block | null = null
  #taggedAtMs = Number.NEGATIVE_INFINITY
  #toldAtMs = Number.NEGATIVE_INFINITY
  #closed = false

  constructor(upstream: Upstream, socket: NodeSocket, sink: HeadSink, clock: Clock) {
    this.#upstream = upstream
    this.#socket = socket
    this.#sink = sink
    this.#clock = clock
    this.#line = new SideLine(upstream, timeoutMs, maxAnswerBytes)
  }

  /** True while the node tells of its heads itself. */
  get isTold(): boolean {
    return this.#isTold
  }

  /** Looks once, then follows in the background until {@link close}. */
  async start(): Promise<void> {
    this.#upstream.look = () => this.look()
    void this.#subscribe()
    if (this.#upstream.health === 'up') await this.look()
    this.#schedule()
  }

  /** Asks the node for its head now. Never throws: a node that does not answer is looked at later. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null
    })
    return this.#looking
  }

  /** Asks for it once more where a question is under way, whose answer may be of before. */
  async #lookAnew(): Promise<void> {
    await this.#looking
    await this.look()
  }

  async #look(): Promise<void> {
    try {
      for (let asks = 0; asks < maxAsks && !this.#closed; asks += 1) {
        const askedAtMs = this.#clock.nowMs()
        const [value] = await this.#line.ask('eth_getBlockByNumber', '["latest",false]')
        const block = blockOf(value)
        this.#isBlind = block === null
        if (block === null) return
        // What it told in the meantime may be newer, or may have been on its way for long.
        if (this.#toldAtMs > askedAtMs) continue
        this.#foreseen = this.#isTold && block.hash !== this.#told?.hash ? block : null
        await this.#take(block, askedAtMs)
        return
      }
    } catch {
      // The health check says what is wrong with a node; its head is what it was.
    }
  }

  #schedule(): void {
    if (this.#closed) return
    clearTimeout(this.#poll)
    if (this.#isTold) return
    this.#poll = setTimeout(async () => {
      if (this.#upstream.health !== 'down') await this.look()
      this.#schedule()
    }, this.#pollMs).unref()
  }

  /** Seldom while no block is due, often once one is. */
  get #pollMs(): number {
    if (this.#isBlind) return blindPollMs
    const { blockTimeMs } = this.#sink
    if (blockTimeMs === null) return maxPollMs / 2
    const dueMs = this.#upstream.headAtMs + 0.8 * blockTimeMs - this.#clock.nowMs()
    const often = Math.max(minPollMs, blockTimeMs / 20)
    return Math.min(maxPollMs, Math.max(often, dueMs))
  }

  async #subscribe(): Promise<void> {
    if (this.#closed) return
    try {
      const reply = await this.#socket.request('eth_subscribe', '["newHeads"]', {
        next: (result) => this.#hear(result),
        lost: () => this.#lose(firstRetryMs),
      })
      if (reply.kind === 'error') {
        this.#lose(maxRetryMs)
        return
      }
      // An answer that is no id begins no subscription.
      if (stringAt(reply.body, reply.start, reply.end) === '') return
      this.#isTold = true
      this.#retryMs = firstRetryMs
      clearTimeout(this.#poll)
      // What came before the subscription, it does not tell.
      await this.look()
    } catch {
      this.#retryMs = Math.min(maxRetryMs, this.#retryMs * 2)
      this.#lose(this.#retryMs)
    }
  }

  #lose(retryMs: number): void {
    this.#isTold = false
    if (this.#closed) return
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.#subscribe(), retryMs).unref()
    void this.look().then(() => this.#schedule())
  }

  #hear(result: Buffer): void {
    let value: unknown
    try {
      value = JSON.parse(result.toString('utf8'))
    } catch {
      return // Not a head; the health check sees the height all the same.
    }
    const block = blockOf(value)
    if (block === null) return
    this.#sink.heard?.(block, result)
    this.#told = block
    if (this.#isPast(block)) {
      void this.#lookAnew()
      return
    }
    this.#foreseen = null
    this.#toldAtMs = this.#clock.nowMs()
    void this.#take(block, this.#toldAtMs)
  }

  /**
   * Whether what it tells may have been on its way since before an answer or a look showed where it
   * is. A node that did go back is looked at then, and found there.
   */
  #isPast({ number, hash }: Block): boolean {
    const foreseen = this.#foreseen
    if (number < (this.#upstream.head ?? 0)) return true
    return foreseen !== null && number === foreseen.number && hash !== foreseen.hash
  }

  /** One after another; of those that come meanwhile, the last. */
  async #take(block: Block, asOfMs: number): Promise<void> {
    this.#next = block
    this.#nextAsOfMs = asOfMs
    if (this.#isTaking) return
    this.#isTaking = true
    while (this.#next !== null && !this.#closed) {
      const head: Block = this.#next
      this.#next = null
      if (head.hash === this.#last?.hash && head.number === this.#upstream.head) continue
      const upstream = this.#upstream
      const heardAtMs = this.#nextAsOfMs
      let blocks: Block[] = []
      if (!this.#sink.knows(head.parentHash)) {
        this.#sink.turning(upstream)
        blocks = await this.#walk(head)
        // Who has left meanwhile has no say.
        if (this.#closed) break
      }
      this.#last = head
      // An answer may have shown a higher head meanwhile, of which it will tell or has told.
      if (upstream.headAtMs <= heardAtMs || head.number > (upstream.head ?? 0)) {
        upstream.head = head.number
        upstream.headAtMs = this.#clock.nowMs()
      }
      this.#sink.take(this.#upstream, head, blocks)
      void this.#tag()
    }
    this.#isTaking = false
  }

  /** The ancestors of `head` that are not known, lowest first. */
  async #walk(head: Block): Promise<Block[]> {
    const blocks: Block[] = []
    const limit = this.#last === null ? firstWalk : maxWalk
    let { parentHash } = head
    try {
      while (blocks.length < limit && !this.#sink.knows(parentHash)) {
        const [value] = await this.#line.ask('eth_getBlockByHash', `["${parentHash}",false]`)
        const block = blockOf(value)
        if (block === null || block.hash !== parentHash) break
        blocks.push(block)
        parentHash = block.parentHash
      }
    } catch {
      // As far as it got: a head that does not connect is known not to.
    }
    return blocks.reverse()
  }

  async #tag(): Promise<void> {
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#taggedAtMs < tagEveryMs) return
    this.#taggedAtMs = nowMs
    try {
      this.#upstream.safe = await this.#height('safe')
      this.#upstream.finalized = await this.#height('finalized')
      this.#sink.tagged(this.#upstream)
    } catch {
      // Asked again with a later head.
    }
  }

  async #height(tag: string): Promise<number | null> {
    const [value] = await this.#line.ask('eth_getBlockByNumber', `["${tag}",false]`)
    if (typeof value !== 'object' || value === null || !('number' in value)) return null
    return numberOf(value.number)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#upstream.look = null
    clearTimeout(this.#poll)
    clearTimeout(this.#retry)
    await this.#line.close()
  }
}
