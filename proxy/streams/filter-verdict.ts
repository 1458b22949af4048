import type { Clock } from '../clock.ts'
import { ProxyError } from '../errors.ts'
import { type Message, stringAt } from '../rpc/call.ts'
import { code } from '../rpc/json.ts'
import { parseNodeError } from '../rpc/node-error.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { type Criteria, parseCriteria } from './criteria.ts'
import { argumentsOf } from './filter-params.ts'
import { askNode } from './node-question.ts'

/** What a client wants, or a node's refusal of it. */
export type Verdict =
  | { readonly kind: 'criteria'; readonly criteria: Criteria; readonly text: string }
  | Refusal

type Refusal = {
  readonly kind: 'reply'
  readonly reply: Reply
  /** Who said so; null where it is our own word. */
  readonly by: Upstream | null
}

const timeoutMs = 5_000

/**
 * Judges the params of `eth_newFilter`: here where they are plainly right, else by making the filter
 * at a node, whose words are Geth's.
 */
export class FilterVerdict {
  readonly #fleet: Fleet
  readonly #clock: Clock

  constructor(fleet: Fleet, clock: Clock) {
    this.#fleet = fleet
    this.#clock = clock
  }

  /** @throws ProxyError when a node must judge and none answers */
  async of(message: Message): Promise<Verdict> {
    const [text] = argumentsOf(message, 1) ?? []
    const criteria = text === undefined ? null : parseCriteria(text)
    const good: Verdict | null =
      criteria === null || text === undefined ? null : { kind: 'criteria', criteria, text }
    if (good !== null && !good.criteria.startsAtHeight) return good
    const judged = await this.#ask(message)
    if (judged?.reply.kind === 'error') {
      // A node that has no filters cannot judge one.
      const isUnable = parseNodeError(judged.reply)?.code === -32601
      if (!isUnable || good === null) return judged
    }
    if (good !== null) return good
    if (judged === null) throw new ProxyError('NO_UPSTREAM', 'no node judges the filter')
    return { kind: 'reply', reply: invalidRange, by: null }
  }

  async #ask({ method, body, paramsStart, paramsEnd }: Message): Promise<Refusal | null> {
    const params = paramsStart < 0 ? '[]' : body.toString('utf8', paramsStart, paramsEnd)
    for (const upstream of this.#fleet.view.readers) {
      const deadlineMs = this.#clock.nowMs() + timeoutMs
      const reply = await askNode(upstream, method, params, deadlineMs)
      if (reply === null) continue
      if (reply.kind === 'result' && reply.body[reply.start] === code.quote) {
        const id = stringAt(reply.body, reply.start, reply.end)
        // Nobody waits for it: the node lets it expire otherwise.
        void askNode(upstream, 'eth_uninstallFilter', JSON.stringify([id]), deadlineMs)
      }
      return { kind: 'reply', reply, by: upstream }
    }
    return null
  }
}

/** What Geth says of ends of a range that other clients take, such as `safe` and `pending`. */
const refusal = Buffer.from('{"code":-32602,"message":"invalid block range params"}')
const invalidRange: Reply = { kind: 'error', body: refusal, start: 0, end: refusal.length }
