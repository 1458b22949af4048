import { ProxyError } from '../errors.ts'
import type { Message } from '../rpc/call.ts'
import type { MethodRule } from '../rpc/methods/rule.ts'
import { type Reply, resultReply } from '../rpc/reply.ts'
import type { Block } from '../upstream/block.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { quantity } from './at-block.ts'
import type { BlockNeed } from './block-need.ts'
import type { Demand } from './demand.ts'
import type { Heads } from './heads.ts'
import { Patience } from './patience.ts'
import type { Session } from './session.ts'
import { aheadOf, showHead, shownFloor, showPin } from './session-floor.ts'
import { hashIn, headIn, heightIn, plain, quantityOf } from './shown.ts'
import { lacksBlock, type Miss, missOf } from './soft-miss.ts'

/** Nodes whose word is doubted for one call, at most: after so many, what the next one says holds. */
const maxMisses = 2

/** Answers that say that an index is not ready, which are not passed on for one call, at most. */
const maxEarly = 8

/** Lookups that a pool may answer, of which each node has its own. */
const inPools = new Set(['eth_getTransactionByHash', 'eth_getRawTransactionByHash'])

/** A call for a range that ends so little above the head may be only a moment early. */
const earlyBlocks = 1

/** The demand of one read. */
export class CallDemand implements Demand<Reply> {
  readonly #heads: Heads
  readonly #message: Message
  readonly #session: Session | null
  readonly #need: BlockNeed
  readonly #rule: MethodRule
  readonly #pin: Block | null
  readonly #pool: Upstream | null
  #home: Upstream | null = null
  /** Below this height no head may be shown. Found when the call is placed. */
  #floor = 0
  /** The node on another branch that the client is to stay with, or null. Found with the floor. */
  #ahead: Upstream | null = null
  #misses = 0
  #early = 0
  mayHandOn = true
  isPinLost = false
  /** The highest head that its answers told of where each node may say; 0 while none did. */
  shownHeight = 0
  readonly #patience = new Patience()
  /** When it has waited enough; null before it waits. */
  #waitsUntilMs: number | null = null

  /**
   * @param need of the message
   * @param pin what `latest` stands for in its request, or null
   * @param pool of the node that is to tell of what is pending; null: of the one that is written to
   */
  constructor(
    heads: Heads,
    message: Message,
    rule: MethodRule,
    need: BlockNeed,
    session: Session | null,
    pin: Block | null = null,
    pool: Upstream | null = null,
  ) {
    this.#heads = heads
    this.#message = message
    this.#session = session
    this.#rule = rule
    this.#need = need
    this.#pin = pin
    this.#pool = pool
  }

  /**
   * Whether a call of the same batch needs just the same, and its answers say as much or as little
   * about their node: state at one block.
   */
  isAlsoOf(message: Message, { block }: MethodRule, need: BlockNeed): boolean {
    const own = this.#need
    const isSame = need.kind === 'hash' && own.kind === 'hash' && need.hash === own.hash
    if (!isSame && !(need.kind === 'latest' && own.kind === 'latest')) return false
    return typeof block === 'number' && message.method === this.#message.method
  }

  get #isRange(): boolean {
    return this.#rule.block === 'filter'
  }

  /** Whether it asks for a range that ends above every head: no node can answer it, none may try. */
  get isBeyond(): boolean {
    const need = this.#need
    return this.#isRange && need.kind === 'number' && need.number > this.#heads.tip
  }

  /** It goes to `home`, if that can be. */
  near(home: Upstream): this {
    this.#home = home
    return this
  }

  among(candidates: readonly Upstream[]): readonly Upstream[] {
    const able = this.#able(candidates)
    const home = this.#home
    return home !== null && able.length > 1 && able.includes(home) ? [home] : able
  }

  #able(candidates: readonly Upstream[]): readonly Upstream[] {
    const need = this.#need
    const heads = this.#heads
    switch (need.kind) {
      case 'none':
        return candidates
      case 'hash':
        return this.#holding(candidates, need.hash)
      case 'number':
        if (need.number > heads.tip) return this.#isRange ? nobody : this.#current(candidates)
        if (heads.freshAmong(candidates) === candidates) return candidates
        return candidates.filter(
          ({ head, asideSinceMs }) => asideSinceMs === null && (head ?? 0) >= need.number,
        )
      case 'safe':
      case 'finalized': {
        const { kind } = need
        const knowing = candidates.filter((upstream) => (upstream[kind] ?? 0) >= heads[kind])
        return knowing.length > 0 ? knowing : this.#current(candidates)
      }
      case 'pending': {
        const current = this.#current(candidates)
        // Every node has a pool of its own; the one that is written to has what was sent.
        const pools = [this.#pool, heads.writer]
        const pool = pools.find((node) => node !== null && current.includes(node)) ?? null
        return pool === null ? current : [pool]
      }
      case 'latest':
        return this.#current(candidates)
    }
    need satisfies never
  }

  #holding(candidates: readonly Upstream[], hash: string): readonly Upstream[] {
    const heads = this.#heads
    if (heads.freshAmong(candidates) === candidates && !heads.knows(hash)) return candidates
    const holding = candidates.filter((upstream) => heads.mayHold(upstream, hash))
    // A block that was removed is still known to those who had it, and maybe to others.
    return holding.length > 0 ? holding : candidates
  }

  /** Those who have the head, and all that this client was shown. */
  #current(candidates: readonly Upstream[]): readonly Upstream[] {
    const heads = this.#heads
    const fresh = heads.freshAmong(candidates)
    const session = this.#session
    const floor = session === null ? 0 : shownFloor(session, heads)
    const ahead = session === null ? null : aheadOf(session, heads)
    this.#ahead = null
    if (ahead !== null && candidates.includes(ahead)) {
      this.#ahead = ahead
      this.#floor = floor
      return [ahead]
    }
    const least = heads.isFallen ? floor : Math.max(floor, heads.shown)
    this.#floor = least
    if (least <= heads.tip && !heads.isFallen) return fresh
    return candidates.filter(
      ({ head, asideSinceMs }) => asideSinceMs === null && (head ?? 0) >= least,
    )
  }

  isMiss(reply: Reply, by: Upstream): boolean {
    const miss = missOf(this.#message.method, reply)
    const isEarly = miss === 'early'
    const isStale = isEarly ? this.#early < maxEarly : miss === null && this.#isStale(reply, by)
    if (isStale) this.#early += isEarly ? 1 : 0
    else if (miss === null || isEarly || this.#misses >= maxMisses) return false
    else if (!this.#isKnownElsewhere(miss, by)) return false
    else this.#misses += 1
    this.mayHandOn = !isStale
    this.#heads.softMisses += 1
    return true
  }

  #isKnownElsewhere(miss: Exclude<Miss, 'early'>, by: Upstream): boolean {
    const need = this.#need
    if (miss === 'no-state' || need.kind === 'hash') return true
    if (need.kind === 'number' && need.number <= this.#heads.tip) return true
    if (inPools.has(this.#message.method)) return true
    // Who has the head knows all that there is; what is above the head nobody has.
    return by.asideSinceMs !== null || (by.head ?? 0) < this.#heads.tip
  }

  /** Whether an answer shows a head below what was shown, or a block of another branch. */
  #isStale(reply: Reply, by: Upstream): boolean {
    if (this.#isAstray(reply, by)) return true
    const { method } = this.#message
    if (method === 'eth_blockNumber') {
      const number = quantityOf(reply)
      return number !== null && this.#isOldHead(number, by)
    }
    if (!plain.has(method)) return false
    const number = heightIn(reply, '"number":')
    const hash = hashIn(reply)
    if (number === null || hash === null) return false
    if (by.asideSinceMs === null && this.#heads.isForeign(number, hash)) {
      void by.look?.()
      return true
    }
    return this.#need.kind === 'latest' && this.#isOldHead(number, by)
  }

  /**
   * Whether its node went to another branch while it answered, which the fleet may follow or not. A
   * client without a session would be shown that branch now and the one that is served next.
   */
  #isAstray(reply: Reply, by: Upstream): boolean {
    if (by.asideSinceMs === null || this.#need.kind !== 'latest' || reply.kind === 'error') {
      return false
    }
    return this.#pin === null && this.#ahead !== by
  }

  #isOldHead(number: number, by: Upstream): boolean {
    if (number >= this.#floor) return !this.#heads.learn(by, number)
    this.#heads.doubt(by, number)
    return true
  }

  settle(reply: Reply, by: Upstream): Reply {
    const { method } = this.#message
    const pin = this.#pin
    const isPinned = pin !== null && this.#isPinned(pin)
    this.isPinLost = isPinned && lacksBlock(method, reply)
    if (reply.kind === 'error') return reply
    if (isPinned) {
      if (this.#session !== null) showPin(this.#session, pin, this.#heads)
      return method === 'eth_blockNumber' ? resultReply(quantity(pin.number)) : reply
    }
    const { kind } = this.#need
    if (kind !== 'latest' && kind !== 'pending') return reply
    const heads = this.#heads
    const number = kind === 'latest' ? headIn(method, reply) : null
    if (number !== null) {
      heads.learn(by, number)
      this.shownHeight = Math.max(this.shownHeight, number)
    }
    if (this.#session !== null) showHead(this.#session, by, heads, plain.has(method))
    return reply
  }

  /** Whether `pin` stood for the latest block in it; who asked for that block was shown it too. */
  #isPinned({ hash, number }: Block): boolean {
    const need = this.#need
    if (need.kind === 'hash') return need.hash === hash
    if (need.kind === 'number') return need.number === number
    return this.#message.method === 'eth_blockNumber'
  }

  async catchUp(): Promise<boolean> {
    const heads = this.#heads
    const isFirst = this.#waitsUntilMs === null
    this.#waitsUntilMs ??= heads.nowMs + heads.waitMs
    const isMet = (): boolean => this.among(heads.readers).length > 0
    // Who showed an old head is not where it was thought to be; an index takes about as long.
    if (!this.mayHandOn) {
      if (!isFirst && heads.nowMs >= this.#waitsUntilMs) return false
      await this.#patience.wait(heads, this.#waitsUntilMs - heads.nowMs)
      if (isMet()) return true
    }
    if (isFirst && this.isBeyond) {
      // Nodes that are only looked at may be further than is known.
      await heads.look()
      if (isMet()) return true
      const { number } = this.#need as BlockNeed & { kind: 'number' }
      if (number > heads.tip + earlyBlocks) return false
    }
    const leftMs = this.#waitsUntilMs - heads.nowMs
    return leftMs > 0 && (await heads.reach(isMet, leftMs))
  }

  shortfall(): ProxyError {
    return this.isBeyond
      ? new ProxyError('BEYOND_HEAD', 'a range that ends above every head')
      : new ProxyError('NODES_BEHIND', 'no node has caught up with what was shown')
  }
}

const nobody: readonly Upstream[] = []
