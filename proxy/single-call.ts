import type { Demand } from './consistency/demand.ts'
import type { Exchange } from './exchange.ts'
import type { Errand } from './placement.ts'
import type { Message } from './rpc/call.ts'
import type { MethodRule } from './rpc/methods/rule.ts'
import { openingOfResult, parseReply, type Reply } from './rpc/reply.ts'
import { canonicalRequest } from './rpc/request.ts'
import type { Work } from './state/work.ts'
import type { Flow } from './upstream/flow.ts'

/** One call on its way to a node. A large result flows to the client where it can take that. */
export class SingleCall implements Errand<Reply> {
  readonly request: Buffer
  readonly rule: MethodRule
  readonly work: Work
  readonly demand: Demand<Reply> | null
  readonly mayFlow: boolean
  readonly #id: number
  readonly #exchange: Exchange

  /** @param id tells the answer from those to other requests on the same connection */
  constructor(
    message: Message,
    id: number,
    rule: MethodRule,
    work: Work,
    demand: Demand<Reply> | null,
    exchange: Exchange,
  ) {
    this.request = canonicalRequest(message, id)
    this.rule = rule
    this.work = work
    this.demand = demand
    this.mayFlow = exchange.takesFlow && message.isCall
    this.#id = id
    this.#exchange = exchange
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
