import { ProxyError } from '../errors.ts'
import type { Message } from '../rpc/call.ts'
import { devMethods } from '../rpc/methods/dev.ts'
import type { MethodRule } from '../rpc/methods/rule.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Block } from '../upstream/block.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { atBlock } from './at-block.ts'
import { BatchDemand } from './batch-demand.ts'
import { blockNeed } from './block-need.ts'
import { CallDemand } from './call-demand.ts'
import type { Demand } from './demand.ts'
import type { Heads } from './heads.ts'
import type { Session } from './session.ts'
import { mayBeShown } from './session-floor.ts'

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
   * The block that `latest` stands for in one request, or null where each node may say. It must be
   * as high as any head that was shown, and as any that this client was shown.
   */
  pinFor(session: Session | null): Block | null {
    const heads = this.#heads
    if (!this.#isStrict || heads.isAlone) return null
    const { head } = heads
    if (head === null || head.number < heads.tip) return null
    return session === null || mayBeShown(head, session, heads) ? head : null
  }

  /**
   * Whether a call must not be sent before there is a block that `latest` can stand for: another
   * node's latest block could be one that is past for its client.
   */
  lacksPin(message: Message, rule: MethodRule, pin: Block | null): boolean {
    if (pin !== null || !this.#isStrict || rule.access !== 'read') return false
    const { isAlone, head } = this.#heads
    return !isAlone && head !== null && blockNeed(message, rule).kind === 'latest'
  }

  /** Waits for a block that `latest` can stand for, not for long; null where none comes. */
  async nextPin(session: Session | null): Promise<Block | null> {
    const heads = this.#heads
    const isThere = (): boolean => this.pinFor(session) !== null
    // The head that an answer showed may be one that its node has not told of.
    await heads.look()
    if (!isThere()) await heads.reach(isThere, heads.waitMs)
    return this.pinFor(session)
  }

  /**
   * What `latest` stands for instead of `pin`, which no node has any more: it was removed after it
   * had been chosen. Nodes that turn do not all tell their new head at once: it is waited for, not
   * for long. `pin` itself where all nodes still stand on it.
   */
  async pinAfter(pin: Block, session: Session | null): Promise<Block | null> {
    const heads = this.#heads
    const isThere = (): boolean => {
      return heads.head?.hash !== pin.hash && this.pinFor(session) !== null
    }
    if (!isThere()) await heads.look()
    if (!isThere()) await heads.reach(isThere, heads.waitMs)
    return heads.head?.hash === pin.hash ? pin : this.pinFor(session)
  }

  /** The call as it goes to a node when `latest` stands for `pin`. */
  asked(message: Message, rule: MethodRule, pin: Block | null): Message {
    return pin === null || rule.access !== 'read' ? message : atBlock(message, rule, pin)
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
    const need = blockNeed(message, rule)
    const demand = new CallDemand(this.#heads, message, rule, need, session, pin, pool)
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
      const need = blockNeed(message, rule)
      const last = demands.at(-1)
      const isAlike = last?.isAlsoOf(message, rule, need) === true
      const demand = isAlike
        ? last
        : new CallDemand(this.#heads, message, rule, need, session, pin, pool)
      demands.push(demand)
    }
    return new BatchDemand(demands, node)
  }
}
