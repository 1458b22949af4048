import type { Clock } from './clock.ts'
import { ProxyError, toRpcError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { type Answer, errorAnswer, ownError, resultAnswer, resultOpening } from './rpc/answer.ts'
import type { Batch, Item } from './rpc/batch.ts'
import type { Message } from './rpc/call.ts'
import { inGethWords } from './rpc/families.ts'
import { parseNodeError } from './rpc/node-error.ts'
import type { Reply } from './rpc/reply.ts'
import type { CallStats } from './stats/call-stats.ts'

/** What became of calls: the bytes that their clients get for it, and the counts of it. */
export class Outcomes {
  readonly #metrics: CallStats
  readonly #clock: Clock
  readonly #log: (error: unknown) => void
  /** Calls answered, and of these with an error of our own. */
  answered = 0
  failed = 0

  /** @param log is told of errors that only a defect of ours can bring about */
  constructor(metrics: CallStats, clock: Clock, log: (error: unknown) => void) {
    this.#metrics = metrics
    this.#clock = clock
    this.#log = log
  }

  /** A node answered one call. */
  passOn(message: Message, reply: Reply, exchange: Exchange): Answer {
    const { kind, body, start, end } = reply
    if (kind === 'error') return this.#passOnError(message, reply, exchange)
    this.count(message, 'ok', exchange)
    return exchange.flow === null
      ? resultAnswer(message, body, start, end)
      : resultOpening(message, body, start, end)
  }

  /**
   * A node answered calls of a batch together. What is alike in calls that stand together is done
   * once for all of them.
   * @param replies one for each of `group`
   */
  passOnAll(
    batch: Batch,
    group: readonly Item[],
    replies: readonly Reply[],
    exchange: Exchange,
  ): void {
    let alike: Message | null = null
    let times = 0
    for (let i = 0; i < group.length; i++) {
      const item = group[i]
      const reply = replies[i]
      if (item === undefined || reply === undefined) {
        throw new RangeError('a batch reply without a member')
      }
      const { index, message } = item
      if (reply.kind === 'error') {
        batch.put(index, this.#passOnError(message, reply, exchange))
        continue
      }
      batch.putResult(index, reply)
      if (alike !== null && !areAlike(alike, message)) {
        this.count(alike, 'ok', exchange, times)
        times = 0
      }
      alike = message
      times += 1
    }
    if (alike !== null) this.count(alike, 'ok', exchange, times)
  }

  /** The node's own bytes, unless the node is no Geth and Geth's words for it are known. */
  #passOnError(message: Message, reply: Reply, exchange: Exchange): Answer {
    const { family } = exchange
    const error = parseNodeError(reply)
    const inGeths = error === null || family === null ? null : inGethWords(family, message, error)
    this.count(message, String((inGeths ?? error)?.code ?? 'error'), exchange)
    return inGeths === null
      ? errorAnswer(message, reply.body, reply.start, reply.end)
      : ownError(message, inGeths.code, inGeths.message)
  }

  /** No node gave an answer. */
  fail(message: Message, error: unknown, exchange: Exchange): Answer {
    if (!(error instanceof ProxyError)) this.#log(error)
    const { code, message: text } = toRpcError(error)
    if (error instanceof ProxyError && error.code === 'UPSTREAM_TIMEOUT') exchange.identity = true
    this.failed += 1
    this.count(message, error instanceof ProxyError ? wordOf(error) : 'internal', exchange)
    return ownError(message, code, text)
  }

  /** @param times how many calls of its method ended so, at this moment */
  count(message: Message, code: string, exchange: Exchange, times = 1): void {
    this.answered += times
    const { method, callee } = message
    const nowMs = this.#clock.nowMs()
    const tookMs = nowMs - exchange.arrivedMs
    this.#metrics.record(method, code, tookMs / 1000, times)
    if (callee === null || code === 'cancelled') return
    const isTransaction = method.startsWith('eth_sendRaw')
    this.#metrics.contracts.record(callee, isTransaction, code !== 'ok', tookMs, nowMs, times)
  }
}

function areAlike(one: Message, other: Message): boolean {
  return one.method === other.method && one.callee === other.callee
}

function wordOf(error: ProxyError): string {
  return error.code.toLowerCase().replaceAll('_', '-')
}
