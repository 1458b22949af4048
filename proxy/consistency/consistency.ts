import type { Message } from '../rpc/call.ts'
import type { MethodRule } from '../rpc/methods/rule.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { BatchDemand } from './batch-demand.ts'
import { CallDemand } from './call-demand.ts'
import type { Demand } from './demand.ts'
import type { Heads } from './heads.ts'
import type { Session } from './session.ts'

/** What makes many nodes look like one: makes the demand of each request to a node. */
export class Consistency {
  readonly #heads: Heads

  constructor(heads: Heads) {
    this.#heads = heads
  }

  /** The demand of one read, or null where any node will do. */
  ofCall(message: Message, rule: MethodRule, session: Session | null): Demand<Reply> | null {
    if (this.#heads.isAlone || rule.access !== 'read') return null
    return new CallDemand(this.#heads, message, rule, session)
  }

  /**
   * The demand of reads that go to one node together, or null where any node will do.
   * @param home the node that earlier reads of the same batch went to, or null
   */
  ofBatch(
    calls: readonly { readonly message: Message; readonly rule: MethodRule }[],
    session: Session | null,
    home: Upstream | null,
  ): Demand<readonly Reply[]> | null {
    if (this.#heads.isAlone) return null
    const demands = calls.map(
      ({ message, rule }) => new CallDemand(this.#heads, message, rule, session),
    )
    return new BatchDemand(demands, home)
  }
}
