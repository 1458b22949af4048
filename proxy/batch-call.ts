import type { Consistency } from './consistency/consistency.ts'
import type { Demand } from './consistency/demand.ts'
import type { Exchange } from './exchange.ts'
import { type PinnedErrand, unmade } from './pinned-errand.ts'
import type { Message } from './rpc/call.ts'
import type { MethodRule } from './rpc/methods/rule.ts'
import { parseBatchReply, type Reply } from './rpc/reply.ts'
import { canonicalBatch } from './rpc/request.ts'
import type { Work } from './state/work.ts'
import type { Block } from './upstream/block.ts'

/** Reads of one batch on their way to one node, as a batch. */
export class BatchCall implements PinnedErrand<readonly Reply[]> {
  request = unmade
  demand: Demand<readonly Reply[]> | null = null
  readonly rule: MethodRule
  readonly work: Work
  readonly mayFlow = false
  readonly #messages: readonly Message[]
  readonly #rules: readonly MethodRule[]
  readonly #exchange: Exchange

  /**
   * @param rule of any of them: all are reads
   * @param rules of the messages, one each
   */
  constructor(
    messages: readonly Message[],
    rule: MethodRule,
    rules: readonly MethodRule[],
    work: Work,
    exchange: Exchange,
  ) {
    this.rule = rule
    this.work = work
    this.#messages = messages
    this.#rules = rules
    this.#exchange = exchange
  }

  pinTo(pin: Block | null, consistency: Consistency): void {
    const asked = this.#messages.map((message, i) =>
      consistency.asked(message, this.#rules[i] ?? this.rule, pin),
    )
    this.demand = consistency.ofBatch(asked, this.#rules, this.#exchange, pin)
    this.request = canonicalBatch(asked)
  }

  read(body: Buffer): readonly Reply[] | null {
    return parseBatchReply(body, this.#messages.length)
  }

  open(): null {
    return null
  }
}
