import { ProxyError } from '../errors.ts'
import type { Message } from '../rpc/call.ts'
import { devMethods } from '../rpc/methods/dev.ts'
import type { MethodRule } from '../rpc/methods/rule.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Block } from '../upstream/block.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { atBlock } from './at-block.ts'
import { BatchDemand } from './batch-demand.ts'
import { CallDemand } from './call-demand.ts'
import type { Demand } from './demand.ts'
import type { Heads } from './heads.ts'
import type { Session } from './session.ts'

/** Whose call it is, and where calls that it must agree with went. */
export type Asker = {
  readonly session: Session | null
  /** The node that answered earlier calls of the same batch, or null. */
  readonly node: Upstream | null
}

/** A read as it goes to a node, which in strict mode is not as it came. */
export type Reading = { readonly message: Message; readonly rule: MethodRule }

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
   * The block that `latest` stands for in one request, or null where each node may say. Its head
   * must be as high as any that was shown.
   */
  get pin(): Block | null {
    if (!this.#isStrict || this.#heads.isAlone) return null
    const { head, tip } = this.#heads
    return head !== null && head.number >= tip ? head : null
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
    { session, node }: Asker,
    pin: Block | null,
  ): Demand<Reply> | null {
    if (this.#heads.isAlone || rule.access !== 'read') return null
    const demand = new CallDemand(this.#heads, message, rule, session, pin)
    return node === null ? demand : demand.near(node)
  }

  /** The demand of reads that go to one node together, or null where any node will do. */
  ofBatch(
    readings: readonly Reading[],
    { session, node }: Asker,
    pin: Block | null,
  ): Demand<readonly Reply[]> | null {
    if (this.#heads.isAlone) return null
    const demands = readings.map(
      ({ message, rule }) => new CallDemand(this.#heads, message, rule, session, pin),
    )
    return new BatchDemand(demands, node)
  }
}
