import {
  type Answer,
  byteLength,
  ownError,
  resultAnswer,
  resultLength,
  writeResult,
} from './answer.ts'
import type { Message } from './call.ts'
import type { Reply } from './reply.ts'
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
  /** True once the answers were too much, or not all of them came in time. */
  isCut = false
  readonly #messages: readonly Message[]
  readonly #answers: Answer[]
  /** Results where they stand in the node's answer, in place of an answer each. */
  readonly #results: (Reply | null)[]
  /** Bytes of the results of the first `#summed` answers. */
  #bytes = 0
  #summed = 0
  /** From this one on, time was over. */
  #lateFrom = Number.POSITIVE_INFINITY

  constructor(messages: readonly Message[], routeOf: (message: Message) => Route) {
    this.#messages = messages
    this.#answers = new Array(messages.length).fill(noAnswer)
    this.#results = new Array(messages.length).fill(null)
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
    if (this.#messages[index]?.isCall !== true) return
    this.#answers[index] = answer
    this.#results[index] = null
  }

  /** The same with a result that a node gave, which is copied once, when all answers are there. */
  putResult(index: number, reply: Reply): void {
    if (this.#messages[index]?.isCall === true) this.#results[index] = reply
  }

  /** Time was over when message `index` was carried out: it and all behind it are told so. */
  expire(index: number): void {
    this.#lateFrom = Math.min(this.#lateFrom, index)
  }

  /**
   * Whether nothing from message `index` on may be carried out any more: Geth carries out nothing
   * behind the answer that crosses its limit, nor when time is over, and a write that is told so
   * must not be done. All before it must be answered, and `index` grows from question to question.
   */
  isOver(index: number, maxBytes: number): boolean {
    if (index >= this.#lateFrom) return true
    for (; this.#summed < index; this.#summed += 1) this.#bytes += this.#sizeOf(this.#summed)
    return maxBytes > 0 && this.#bytes > maxBytes
  }

  /** All answers as one array; what is behind `maxBytes` or too late, carried out or not, is told so. */
  answer(maxBytes: number): Answer {
    const count = this.#messages.length
    // Null where the result of a node is the answer.
    const said: (Answer | null)[] = new Array(count).fill(noAnswer)
    let bytes = 0
    let allBytes = 0
    let isFull = false
    for (let index = 0; index < count; index++) {
      const message = this.#messages[index]
      if (message === undefined || message.isNotification || message.isDropped) continue
      if (isFull) said[index] = cutOff(message, -32003, 'response too large')
      else if (index >= this.#lateFrom) said[index] = cutOff(message, -32002, 'request timed out')
      else {
        bytes += this.#sizeOf(index)
        isFull = maxBytes > 0 && bytes > maxBytes
        said[index] = this.#results[index] == null ? (this.#answers[index] ?? noAnswer) : null
      }
      allBytes += this.#lengthOf(index, said[index] ?? null)
    }
    this.isCut = isFull || this.#lateFrom < count
    return allBytes <= joinUpTo ? this.#joined(said, allBytes) : this.#inParts(said)
  }

  /** Bytes of one answer with what parts it from the next. */
  #lengthOf(index: number, answer: Answer | null): number {
    if (answer !== null) return answer.length === 0 ? 0 : byteLength(answer) + 1
    const message = this.#messages[index]
    const reply = this.#results[index]
    if (message === undefined || reply == null) return 0
    return resultLength(message, reply.start, reply.end) + 1
  }

  /** @param bytes of all answers, each with one byte that parts it from the next */
  #joined(said: readonly (Answer | null)[], bytes: number): Answer {
    if (bytes === 0) return noAnswer
    const whole = Buffer.allocUnsafe(bytes + 1)
    let at = 0
    for (let index = 0; index < said.length; index++) {
      const answer = said[index]
      const reply = this.#results[index]
      const message = this.#messages[index]
      if (answer === undefined || answer?.length === 0) continue
      whole[at] = at === 0 ? (open[0] ?? 0) : (comma[0] ?? 0)
      at += 1
      if (answer !== null) for (const part of answer) at += part.copy(whole, at)
      else if (reply != null && message !== undefined) {
        at = writeResult(whole, at, message, reply.body, reply.start, reply.end)
      }
    }
    whole[at] = close[0] ?? 0
    return [whole]
  }

  #inParts(said: readonly (Answer | null)[]): Answer {
    return batchAnswer(
      said.map((answer, index) => {
        const message = this.#messages[index]
        const reply = this.#results[index]
        if (answer !== null || message === undefined || reply == null) return answer ?? noAnswer
        return resultAnswer(message, reply.body, reply.start, reply.end)
      }),
    )
  }

  /** Bytes of the result or error alone, which is what Geth counts. */
  #sizeOf(index: number): number {
    const reply = this.#results[index]
    if (reply != null) return reply.end - reply.start
    const answer = this.#answers[index] ?? noAnswer
    const message = this.#messages[index]
    if (answer.length === 0 || message === undefined) return 0
    const idLength = message.hasValidId ? message.idEnd - message.idStart : 'null'.length
    const member = opening.length + idLength
    const isResult = answer[0]?.[member + ',"'.length] === 0x72
    const framing = member + (isResult ? ',"result":}' : ',"error":}').length
    return byteLength(answer) - framing
  }
}

const noAnswer: Answer = []
const opening = '{"jsonrpc":"2.0","id":'

/** Geth echoes here whatever stands as id, an object too, and leaves out one that is not there. */
function cutOff(message: Message, code: number, text: string): Answer {
  if (message.hasValidId) return ownError(message, code, text)
  const id =
    message.idStart < 0 ? '' : message.body.toString('latin1', message.idStart, message.idEnd)
  const member = id === '' ? '' : `,"id":${id}`
  const error = `{"jsonrpc":"2.0"${member},"error":{"code":${code},"message":"${text}"}}`
  return [Buffer.from(error, 'latin1')]
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
