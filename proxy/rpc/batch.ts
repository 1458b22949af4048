import { type Answer, byteLength, ownError } from './answer.ts'
import type { Message } from './call.ts'
import type { Route } from './router.ts'

/** Geth's `--rpc.batch-request-limit` and `--rpc.batch-response-max-size`; 0 is no limit. */
export type BatchLimits = {
  readonly maxItems: number
  readonly maxAnswerBytes: number
}

/** What has to be carried out before it can be answered. */
export type Errand = Exclude<Route, { readonly kind: 'answer' }>

/** One member that is carried out. */
export type Item = { readonly index: number; readonly message: Message; readonly route: Errand }

/** One member that the proxy answers itself. */
export type Told = {
  readonly message: Message
  readonly route: Route & { readonly kind: 'answer' }
}

const open = Buffer.from('[')
const comma = Buffer.from(',')
const close = Buffer.from(']')

/**
 * A batch on its way: what goes to nodes in groups, to be sent one after another, and the answers in
 * the order of the messages. Reads that stand together are one group, anything else is its own, so
 * that a read behind a write is asked after it.
 */
export class Batch {
  readonly groups: readonly (readonly Item[])[]
  readonly told: readonly Told[]
  /** True once some answer was too much. */
  isCut = false
  readonly #messages: readonly Message[]
  readonly #answers: Answer[]
  /** Bytes of the results put in so far. */
  #bytes = 0

  constructor(messages: readonly Message[], routeOf: (message: Message) => Route) {
    this.#messages = messages
    this.#answers = new Array(messages.length).fill([])
    const groups: Item[][] = []
    const told: Told[] = []
    let reads: Item[] | null = null
    messages.forEach((message, index) => {
      const route = routeOf(message)
      if (route.kind === 'answer') {
        this.#answers[index] = route.answer
        told.push({ message, route })
        return
      }
      const item: Item = { index, message, route }
      if (route.kind !== 'forward' || route.rule.access !== 'read') {
        groups.push([item])
        reads = null
      } else if (reads === null) {
        reads = [item]
        groups.push(reads)
      } else reads.push(item)
    })
    this.groups = groups
    this.told = told
  }

  /** The answer to message `index`; that to a notification is forgotten. */
  put(index: number, answer: Answer): void {
    const message = this.#messages[index]
    if (message?.isCall !== true) return
    this.#answers[index] = answer
    this.#bytes += byteLength(answer) - framing(message)
  }

  /**
   * Whether the answers are too much already, so that no further group may be sent: Geth carries out
   * nothing behind the answer that crosses its limit, and a write that is told so must not be done.
   */
  isFull(maxBytes: number): boolean {
    return maxBytes > 0 && this.#bytes > maxBytes
  }

  /** All answers as one array; calls behind `maxBytes`, carried out or not, are told it is too much. */
  answer(maxBytes: number): Answer {
    let bytes = 0
    const kept = this.#answers.map((answer, index) => {
      const message = this.#messages[index] ?? null
      if (maxBytes > 0 && bytes > maxBytes && message?.isCall === true) {
        this.isCut = true
        return ownError(message, -32003, 'response too large')
      }
      if (answer.length === 0) return answer
      bytes += byteLength(answer) - framing(message)
      return answer
    })
    return batchAnswer(kept)
  }
}

/** The answers as one array, empty ones left out; nothing at all when none is left. */
export function batchAnswer(answers: readonly Answer[]): Answer {
  const parts: Buffer[] = []
  for (const answer of answers) {
    if (answer.length === 0) continue
    parts.push(parts.length === 0 ? open : comma, ...answer)
  }
  if (parts.length === 0) return parts
  parts.push(close)
  return byteLength(parts) <= joinUpTo ? [Buffer.concat(parts)] : parts
}

/** Up to here one write of a copy is cheaper than a vector of parts. */
const joinUpTo = 65_536

/** Bytes of an answer that are not its result: Geth counts results alone. */
function framing(message: Message | null): number {
  const id = message === null || message.idStart < 0 ? 4 : message.idEnd - message.idStart
  return '{"jsonrpc":"2.0","id":,"result":}'.length + id
}
