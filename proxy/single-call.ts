import type { Consistency } from './consistency/consistency.ts'
import type { Demand } from './consistency/demand.ts'
import type { Exchange } from './exchange.ts'
import { type PinnedErrand, unmade } from './pinned-errand.ts'
import type { Message } from './rpc/call.ts'
import type { MethodRule } from './rpc/methods/rule.ts'
import { openingOfResult, parseReply, type Reply } from './rpc/reply.ts'
import { canonicalRequest } from './rpc/request.ts'
import type { Work } from './state/work.ts'
import type { Block } from './upstream/block.ts'
import type { Flow } from './upstream/flow.ts'

/** One call on its way to a node. A large result flows to the client where it can take that. */
export class SingleCall implements PinnedErrand<Reply> {
  request = unmade
  demand: Demand<Reply> | null = null
  readonly rule: MethodRule
  readonly work: Work
  readonly mayFlow: boolean
  readonly #message: Message
  readonly #id: number
  readonly #exchange: Exchange

  /** @param id tells the answer from those to other requests on the same connection */
  constructor(message: Message, id: number, rule: MethodRule, work: Work, exchange: Exchange) {
    this.rule = rule
    this.work = work
    this.mayFlow = exchange.takesFlow && message.isCall
    this.#message = message
    this.#id = id
    this.#exchange = exchange
  }

  pinTo(pin: Block | null, consistency: Consistency): void {
    const asked = consistency.asked(this.#message, this.rule, pin)
    this.demand = consistency.ofCall(asked, this.rule, this.#exchange, pin)
    this.request = canonicalRequest(asked, this.#id)
  }

  read(body: Buffer): Reply | null {
    return parseReply(body, this.#id)
  }

  open(flow: Flow): Reply | null {
    const reply = openingOfResult(flow.opening, this.#id)
    if (reply !== null) this.#exchange.flow = flow
    return reply
  }
}
