import { ProxyError } from '../errors.ts'
import type { Message } from '../rpc/call.ts'
import { devMethods } from '../rpc/methods/dev.ts'
import type { MethodRule } from '../rpc/methods/rule.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Block } from '../upstream/block.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { atBlock, isOfState, needAt } from './at-block.ts'
import { BatchDemand } from './batch-demand.ts'
import { type BlockNeed, blockNeed } from './block-need.ts'
import { CallDemand } from './call-demand.ts'
import type { Demand } from './demand.ts'
import type { Heads } from './heads.ts'
import type { Session } from './session.ts'
import { mayBeShown } from './session-floor.ts'
import { showsHead } from './shown.ts'

/** Whose call it is, and where calls that it must agree with went. */
export type Asker = {
  readonly session: Session | null
  /** The node that answered earlier calls of the same batch, or null. */
  readonly node: Upstream | null
  /** The node whose pool has what the account sent last whose pending state is asked for, or null. */
  readonly pool: Upstream | null
}

/** What makes many nodes look like one: makes the demand of each request to a node. */
export class Consistency {
  readonly #heads: Heads
  readonly #isStrict: boolean

  /** @param isStrict whether `latest` is the same block for all calls of a request */
  constructor(heads: Heads, isStrict: boolean) {
    this.#heads = heads
    this.#isStrict = isStrict
  }

  /**
   * The block that `latest` stands for in one request, or null where each node may say: in all its
   * reads in strict mode, else in those of state ({@link asked}). It must be as high as any head that
   * was shown, and as any that this client was shown.
   */
  pinFor(session: Session | null): Block | null {
    const heads = this.#heads
    if (heads.isAlone || !(this.#isStrict || heads.hasStateByHash)) return null
    const { head } = heads
    if (head === null || head.number < heads.shown) return null
    return session === null || mayBeShown(head, session, heads) ? head : null
  }

  /** What {@link pinFor} says for a whole batch, writes between its reads included: strict mode alone. */
  pinForBatch(session: Session | null): Block | null {
    return this.#isStrict ? this.pinFor(session) : null
  }

  /**
   * What {@link pinFor} says for reads that go to one node together. None where one of them depends on
   * the node's head and does not say which that is, as those of state at the pin would belie it.
   */
  pinForAll(
    messages: readonly Message[],
    rules: readonly MethodRule[],
    session: Session | null,
  ): Block | null {
    const pin = this.pinFor(session)
    if (pin === null || this.#isStrict) return pin
    const isMute = messages.some((message, i) => {
      const rule = rules[i]
      if (rule === undefined || rule.block === null || isOfState(message.method)) return false
      return !showsHead(message.method) && blockNeed(message, rule).kind === 'latest'
    })
    return isMute ? null : pin
  }

  /**
   * Whether a call must not be sent before there is a block that `latest` can stand for: another
   * node's latest block could be one that is past for its client. Outside of strict mode that is so
   * for state while the height of the head was shown and its block is not known: even a node that is
   * said to have it may just be turning, and then its latest block is one where branches part.
   */
  lacksPin(message: Message, rule: MethodRule, pin: Block | null): boolean {
    if (pin !== null || rule.access !== 'read') return false
    const { isAlone, head, hasStateByHash, shown } = this.#heads
    if (isAlone || head === null) return false
    const isLacking =
      this.#isStrict || (isOfState(message.method) && hasStateByHash && head.number < shown)
    return isLacking && blockNeed(message, rule).kind === 'latest'
  }

  /** Waits for a block that `latest` can stand for, not for long; null where none comes. */
  async nextPin(session: Session | null): Promise<Block | null> {
    const heads = this.#heads
    const isThere = (): boolean =>
      this.#isStrict ? this.pinFor(session) !== null : (heads.head?.number ?? 0) >= heads.shown
    // The head that an answer showed may be one that its node has not told of.
    await heads.look()
    if (!isThere()) await heads.reach(isThere, heads.waitMs)
    return this.pinFor(session)
  }

  /**
   * What `latest` stands for instead of `pin`, which no node has any more: it was removed after it
   * had been chosen, or another call of its batch was answered at a later one. Nodes that turn do not
   * all tell their new head at once: it is waited for, not for long. Where all nodes still stand on
   * `pin`, that itself in strict mode; else null, and each node may say.
   */
  async pinAfter(pin: Block, session: Session | null): Promise<Block | null> {
    const heads = this.#heads
    const isThere = (): boolean => {
      return heads.head?.hash !== pin.hash && (!this.#isStrict || this.pinFor(session) !== null)
    }
    if (!isThere()) await heads.look()
    if (!isThere()) await heads.reach(isThere, heads.waitMs)
    if (heads.head?.hash !== pin.hash) return this.pinFor(session)
    return this.#isStrict ? pin : null
  }

  /** The call as it goes to a node when `latest` stands for `pin`. */
  asked(message: Message, rule: MethodRule, pin: Block | null): Message {
    if (pin === null || rule.access !== 'read') return message
    return this.#isStrict || isOfState(message.method) ? atBlock(message, rule, pin) : message
  }

  #needOf(message: Message, rule: MethodRule, pin: Block | null): BlockNeed {
    const isAsked = pin !== null && message.change !== null
    return isAsked ? needAt(message, pin) : blockNeed(message, rule)
  }

  /** `pin` as far as it concerns a call of this need, which may be left to its node. */
  #pinOf(need: BlockNeed, pin: Block | null): Block | null {
    if (this.#isStrict || pin === null) return pin
    return need.kind === 'hash' && need.hash === pin.hash ? pin : null
  }

  /**
   * Refuses what would change one node of several and so tear them apart.
   * @throws ProxyError
   */
  check(method: string, rule: MethodRule): void {
    if (rule.access !== 'write' || this.#heads.isAlone || !(method in devMethods)) return
    throw new ProxyError('MANY_DEV_NODES', `${method} with more than one node`)
  }

  /** The demand of one read, or null where any node will do. */
  ofCall(
    message: Message,
    rule: MethodRule,
    { session, node, pool }: Asker,
    pin: Block | null,
  ): Demand<Reply> | null {
    if (this.#heads.isAlone || rule.access !== 'read') return null
    const need = this.#needOf(message, rule, pin)
    const own = this.#pinOf(need, pin)
    const demand = new CallDemand(this.#heads, message, rule, need, session, own, pool)
    return node === null ? demand : demand.near(node)
  }

  /**
   * The demand of reads that go to one node together, or null where any node will do.
   * @param rules of the messages, one each
   */
  ofBatch(
    messages: readonly Message[],
    rules: readonly MethodRule[],
    { session, node, pool }: Asker,
    pin: Block | null,
  ): Demand<readonly Reply[]> | null {
    if (this.#heads.isAlone) return null
    const demands: CallDemand[] = []
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]
      const rule = rules[i]
      if (message === undefined || rule === undefined) continue
      const need = this.#needOf(message, rule, pin)
      const last = demands.at(-1)
      const isAlike = last?.isAlsoOf(message, rule, need) === true
      const demand = isAlike
        ? last
        : new CallDemand(this.#heads, message, rule, need, session, this.#pinOf(need, pin), pool)
      demands.push(demand)
    }
    return new BatchDemand(demands, node, pin)
  }
}
