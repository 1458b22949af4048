import type { Demand } from './consistency/demand.ts'
import type { Errand } from './placement.ts'
import type { Message } from './rpc/call.ts'
import type { MethodRule } from './rpc/methods/rule.ts'
import { parseBatchReply, type Reply } from './rpc/reply.ts'
import { canonicalBatch } from './rpc/request.ts'
import type { Work } from './state/work.ts'

/** Reads of one batch on their way to one node, as a batch. */
export class BatchCall implements Errand<readonly Reply[]> {
  readonly request: Buffer
  readonly rule: MethodRule
  readonly work: Work
  readonly demand: Demand<readonly Reply[]> | null
  readonly mayFlow = false
  readonly #count: number

  /** @param rule of any of them: all are reads */
  constructor(
    messages: readonly Message[],
    rule: MethodRule,
    work: Work,
    demand: Demand<readonly Reply[]> | null,
  ) {
    this.request = canonicalBatch(messages)
    this.rule = rule
    this.work = work
    this.demand = demand
    this.#count = messages.length
  }

  read(body: Buffer): readonly Reply[] | null {
    return parseBatchReply(body, this.#count)
  }

  open(): null {
    return null
  }
}
