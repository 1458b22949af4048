import { BatchCall } from './batch-call.ts'
import type { Clock } from './clock.ts'
import type { Consistency, Reading } from './consistency/consistency.ts'
import { ProxyError, toRpcError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import type { Placement } from './placement.ts'
import { type Answer, errorAnswer, ownError, resultAnswer, resultOpening } from './rpc/answer.ts'
import { Batch, type BatchLimits, batchAnswer, type Errand } from './rpc/batch.ts'
import type { Message, Parsed } from './rpc/call.ts'
import { inGethWords } from './rpc/families.ts'
import { ethMethods } from './rpc/methods/eth.ts'
import { parseNodeError } from './rpc/node-error.ts'
import type { Reply } from './rpc/reply.ts'
import type { Route, Router } from './rpc/router.ts'
import { SingleCall } from './single-call.ts'
import type { Costs } from './state/costs.ts'
import type { Work } from './state/work.ts'
import { refinementOf } from './state/work-key.ts'
import type { CallStats } from './stats/call-stats.ts'
import type { FilterAnswer } from './streams/filters.ts'
import type { Streams } from './streams/streams.ts'
import type { Writes } from './writes/writes.ts'

/** No bytes: notifications and the like get HTTP 200 and an empty body. */
const nothing: Answer = []

/** Ids of our own grow to this and begin anew; they only tell answers of one connection apart. */
const maxId = 2 ** 31

export type RelayOptions = {
  readonly batch: BatchLimits
  /** Calls being answered at once, at most; more are refused. */
  readonly maxCalls: number
}

/** The way of one request from its bytes to the bytes of its answer. Never throws. */
export class Relay {
  readonly #placement: Placement
  readonly #consistency: Consistency
  readonly #writes: Writes
  readonly #costs: Costs
  readonly #metrics: CallStats
  readonly #streams: Streams
  readonly #clock: Clock
  readonly #options: RelayOptions
  readonly #log: (error: unknown) => void
  #underWay = 0
  #lastId = 0
  /** Calls answered, and of these with an error of our own. */
  answered = 0
  failed = 0

  constructor(
    placement: Placement,
    consistency: Consistency,
    writes: Writes,
    costs: Costs,
    metrics: CallStats,
    streams: Streams,
    clock: Clock,
    options: RelayOptions,
    log: (error: unknown) => void,
  ) {
    this.#placement = placement
    this.#consistency = consistency
    this.#writes = writes
    this.#costs = costs
    this.#metrics = metrics
    this.#streams = streams
    this.#clock = clock
    this.#options = options
    this.#log = log
  }

  /**
   * @param router sorts the messages by what may be called on the way they came
   */
  // Not async where nothing is waited for: each needless promise on the way costs 0.3 µs a call.
  answer(parsed: Parsed, exchange: Exchange, router: Router): Promise<Answer> {
    switch (parsed.kind) {
      case 'empty':
        return Promise.resolve(nothing)
      case 'broken':
        exchange.identity = true
        return Promise.resolve(ownError(null, -32700, 'parse error'))
      case 'single':
        return this.#single(parsed.message, exchange, router)
      case 'batch':
        return this.#batch(parsed.messages, exchange, router)
    }
    parsed satisfies never
  }

  #single(message: Message, exchange: Exchange, router: Router): Promise<Answer> {
    const route = router.route(message, exchange.push !== null)
    if (route.kind === 'answer') return Promise.resolve(this.#told(message, route, exchange))
    const answer = this.#carryOut(message, route, exchange)
    return message.isCall ? answer : answer.then(() => nothing)
  }

  #carryOut(message: Message, route: Errand, exchange: Exchange): Promise<Answer> {
    switch (route.kind) {
      case 'forward':
        return this.#call(message, route, exchange)
      case 'subscribe':
        return this.#subscribe(message, exchange)
      case 'unsubscribe':
        this.#count(message, 'ok', exchange)
        return Promise.resolve(
          exchange.push === null
            ? nothing
            : this.#streams.subscriptions.unsubscribe(message, exchange.push),
        )
    }
    route satisfies never
  }

  async #subscribe(message: Message, exchange: Exchange): Promise<Answer> {
    if (exchange.push === null) return nothing
    const { answer, activate } = await this.#streams.subscriptions.subscribe(message, exchange.push)
    exchange.afterAnswer ??= []
    exchange.afterAnswer.push(activate)
    this.#count(message, 'ok', exchange)
    return answer
  }

  /** Sends one call to a node and returns what came of it. */
  async #call(
    message: Message,
    route: Route & { kind: 'forward' },
    exchange: Exchange,
  ): Promise<Answer> {
    if (!this.#enter(1)) return this.#refuse(message, exchange)
    const { rule } = route
    try {
      this.#consistency.check(message.method, rule)
      const sending = rule.access === 'write' ? this.#writes.send(message, rule, exchange) : null
      if (sending !== null) return this.#passOn(message, await sending, exchange)
      const told = rule.access === 'pinned' ? this.#streams.filters.answer(message) : null
      if (told !== null) return await this.#ofFilter(message, await told, exchange)
      const work = this.#costs.of(message.method, rule, refinementOf(message))
      const pin = exchange.pin ?? this.#consistency.pin
      const asked = this.#consistency.asked(message, rule, pin)
      exchange.node ??= this.#writes.holder(message)
      const demand = this.#consistency.ofCall(asked, rule, exchange, pin)
      const call = new SingleCall(asked, this.#nextId(), rule, work, demand, exchange)
      const reply = await this.#placement.place(call, exchange)
      return this.#passOn(message, await this.#writes.amended(message, reply), exchange)
    } catch (error) {
      return this.#fail(message, error, exchange)
    } finally {
      this.#underWay -= 1
    }
  }

  #ofFilter(message: Message, told: FilterAnswer, exchange: Exchange): Promise<Answer> | Answer {
    if (told.kind === 'logs') {
      return this.#call(told.call, { kind: 'forward', rule: ethMethods.eth_getLogs }, exchange)
    }
    if (told.kind === 'refusal') {
      this.#count(message, String(told.code), exchange)
      return ownError(message, told.code, told.text)
    }
    exchange.family = told.by?.family ?? null
    return this.#passOn(message, told.reply, exchange)
  }

  async #batch(messages: readonly Message[], exchange: Exchange, router: Router): Promise<Answer> {
    if (messages.length === 0) {
      exchange.identity = true
      return ownError(null, -32600, 'empty batch')
    }
    const { batch: limits } = this.#options
    if (messages.length > limits.maxItems) {
      const first = messages.find((message) => message.isCall) ?? null
      exchange.identity = true
      return batchAnswer([ownError(first, -32600, 'batch too large')])
    }
    this.#metrics.batches.observe(messages.length)
    exchange.takesFlow = false
    exchange.pin = this.#consistency.pin
    const canPush = exchange.push !== null
    const batch = new Batch(messages, (message) => router.route(message, canPush))
    for (const group of batch.groups) {
      const [first] = group
      if (first === undefined || batch.isOver(first.index, limits.maxAnswerBytes)) break
      if (group.length === 1) {
        batch.put(first.index, await this.#carryOut(first.message, first.route, exchange))
      } else {
        const answers = await this.#callTogether(group, exchange)
        for (const [i, { index }] of group.entries()) batch.put(index, answers[i] ?? nothing)
      }
      // So far, nothing but the end of its time makes an answer go out as it is.
      if (exchange.identity) batch.expire(first.index)
    }
    for (const { message, route } of batch.told) this.#told(message, route, exchange)
    const answer = batch.answer(limits.maxAnswerBytes)
    if (batch.isCut) exchange.identity = true
    return answer
  }

  /** Sends reads that stand together in a batch to one node, as one batch. */
  async #callTogether(
    group: Batch['groups'][number],
    exchange: Exchange,
  ): Promise<readonly Answer[]> {
    const messages = group.map(({ message }) => message)
    const works: Work[] = []
    const readings: Reading[] = []
    for (const { message, route } of group) {
      if (route.kind !== 'forward') continue
      const { rule } = route
      exchange.node ??= this.#writes.holder(message)
      works.push(this.#costs.of(message.method, rule, refinementOf(message)))
      readings.push({ message: this.#consistency.asked(message, rule, exchange.pin), rule })
    }
    const [first] = readings
    if (first === undefined) return []
    if (!this.#enter(group.length)) {
      return messages.map((message) => this.#refuse(message, exchange))
    }
    try {
      const demand = this.#consistency.ofBatch(readings, exchange, exchange.pin)
      const asked = readings.map(({ message }) => message)
      const call = new BatchCall(asked, first.rule, this.#costs.ofBatch(works), demand)
      const replies = await this.#placement.place(call, exchange)
      const answers = messages.map(async (message, i) => {
        const reply = replies[i]
        if (reply === undefined) throw new RangeError('a batch reply without a member')
        return this.#passOn(message, await this.#writes.amended(message, reply), exchange)
      })
      return await Promise.all(answers)
    } catch (error) {
      return messages.map((message) => this.#fail(message, error, exchange))
    } finally {
      this.#underWay -= group.length
    }
  }

  #passOn(message: Message, reply: Reply, exchange: Exchange): Answer {
    const { kind, body, start, end } = reply
    if (kind === 'error') return this.#passOnError(message, reply, exchange)
    this.#count(message, 'ok', exchange)
    return exchange.flow === null
      ? resultAnswer(message, body, start, end)
      : resultOpening(message, body, start, end)
  }

  /** The node's own bytes, unless the node is no Geth and Geth's words for it are known. */
  #passOnError(message: Message, reply: Reply, exchange: Exchange): Answer {
    const { family } = exchange
    const error = parseNodeError(reply)
    const inGeths = error === null || family === null ? null : inGethWords(family, message, error)
    this.#count(message, String((inGeths ?? error)?.code ?? 'error'), exchange)
    return inGeths === null
      ? errorAnswer(message, reply.body, reply.start, reply.end)
      : ownError(message, inGeths.code, inGeths.message)
  }

  #fail(message: Message, error: unknown, exchange: Exchange): Answer {
    if (!(error instanceof ProxyError)) this.#log(error)
    const { code, message: text } = toRpcError(error)
    if (error instanceof ProxyError && error.code === 'UPSTREAM_TIMEOUT') exchange.identity = true
    this.failed += 1
    this.#count(message, error instanceof ProxyError ? wordOf(error) : 'internal', exchange)
    return ownError(message, code, text)
  }

  #refuse(message: Message, exchange: Exchange): Answer {
    this.#metrics.shed.add('calls')
    return this.#fail(message, new ProxyError('OVERLOADED', 'too many calls at once'), exchange)
  }

  /** Counts a call that the router itself answered. */
  #told(message: Message, route: Route & { kind: 'answer' }, exchange: Exchange): Answer {
    if (route.code !== null) this.#count(message, route.code, exchange)
    return route.answer
  }

  #count(message: Message, code: string, exchange: Exchange): void {
    this.answered += 1
    const seconds = (this.#clock.nowMs() - exchange.arrivedMs) / 1000
    this.#metrics.record(message.method, code, seconds)
  }

  #enter(calls: number): boolean {
    if (this.#underWay + calls > this.#options.maxCalls) return false
    this.#underWay += calls
    return true
  }

  #nextId(): number {
    this.#lastId = this.#lastId >= maxId ? 1 : this.#lastId + 1
    return this.#lastId
  }
}

function wordOf(error: ProxyError): string {
  return error.code.toLowerCase().replaceAll('_', '-')
}
