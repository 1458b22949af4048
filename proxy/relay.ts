import { BatchCall } from './batch-call.ts'
import type { Clock } from './clock.ts'
import type { Consistency } from './consistency/consistency.ts'
import { ProxyError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { Outcomes } from './outcomes.ts'
import type { PinnedErrand } from './pinned-errand.ts'
import type { Placement } from './placement.ts'
import { type Answer, ownError } from './rpc/answer.ts'
import { Batch, type BatchLimits, batchAnswer, type Errand, type Item } from './rpc/batch.ts'
import type { Message, Parsed } from './rpc/call.ts'
import { ethMethods } from './rpc/methods/eth.ts'
import type { MethodRule } from './rpc/methods/rule.ts'
import type { Route, Router } from './rpc/router.ts'
import { SingleCall } from './single-call.ts'
import type { Costs } from './state/costs.ts'
import type { Work } from './state/work.ts'
import { refinementOf } from './state/work-key.ts'
import type { CallStats } from './stats/call-stats.ts'
import type { FilterAnswer } from './streams/filters.ts'
import type { Streams } from './streams/streams.ts'
import type { Block } from './upstream/block.ts'
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
  readonly #outcomes: Outcomes
  readonly #options: RelayOptions
  #underWay = 0
  #lastId = 0

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
    this.#outcomes = new Outcomes(metrics, clock, log)
    this.#options = options
  }

  /** Calls answered. */
  get answered(): number {
    return this.#outcomes.answered
  }

  /** Of these with an error of our own. */
  get failed(): number {
    return this.#outcomes.failed
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
        this.#outcomes.count(message, 'ok', exchange)
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
    this.#outcomes.count(message, 'ok', exchange)
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
      if (sending !== null) return this.#outcomes.passOn(message, await sending, exchange)
      const told = rule.access === 'pinned' ? this.#streams.filters.answer(message) : null
      if (told !== null) return await this.#ofFilter(message, await told, exchange)
      const work = this.#workOf(message, rule)
      let pin = exchange.pin ?? this.#consistency.pinFor(exchange.session)
      if (this.#consistency.lacksPin(message, rule, pin)) {
        pin = await this.#consistency.nextPin(exchange.session)
      }
      this.#writes.direct(message, exchange)
      const call = new SingleCall(message, this.#nextId(), rule, work, exchange)
      const reply = await this.#place(call, pin, exchange)
      // Nearly always there is nothing to wait for, and a wait for nothing costs a call 0.1 µs.
      const amended = this.#writes.amended(message, reply)
      const said = amended instanceof Promise ? await amended : amended
      return this.#outcomes.passOn(message, said, exchange)
    } catch (error) {
      return this.#outcomes.fail(message, error, exchange)
    } finally {
      this.#underWay -= 1
    }
  }

  #workOf(message: Message, rule: MethodRule): Work {
    const { method } = message
    const refinement = refinementOf(message)
    if (method === 'eth_call' || method === 'eth_estimateGas') message.callee = refinement
    return this.#costs.of(method, rule, refinement)
  }

  #ofFilter(message: Message, told: FilterAnswer, exchange: Exchange): Promise<Answer> | Answer {
    if (told.kind === 'logs') {
      return this.#call(told.call, { kind: 'forward', rule: ethMethods.eth_getLogs }, exchange)
    }
    if (told.kind === 'refusal') {
      this.#outcomes.count(message, String(told.code), exchange)
      return ownError(message, told.code, told.text)
    }
    exchange.family = told.by?.family ?? null
    return this.#outcomes.passOn(message, told.reply, exchange)
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
    exchange.pin = this.#consistency.pinForBatch(exchange.session)
    const canPush = exchange.push !== null
    const batch = new Batch(messages, (message) => router.route(message, canPush))
    for (const group of batch.groups) {
      const [first] = group
      if (first === undefined || batch.isOver(first.index, limits.maxAnswerBytes)) break
      if (group.length === 1) {
        batch.put(first.index, await this.#carryOut(first.message, first.route, exchange))
      } else await this.#callTogether(batch, group, exchange)
      // So far, nothing but the end of its time makes an answer go out as it is.
      if (exchange.identity) batch.expire(first.index)
    }
    for (const { message, route } of batch.told) this.#told(message, route, exchange)
    const answer = batch.answer(limits.maxAnswerBytes)
    if (batch.isCut) exchange.identity = true
    return answer
  }

  /** Sends reads that stand together in a batch to one node, as one batch. */
  async #callTogether(batch: Batch, group: readonly Item[], exchange: Exchange): Promise<void> {
    const messages: Message[] = []
    const rules: MethodRule[] = []
    const works: Work[] = []
    for (const { message, route } of group) {
      if (route.kind !== 'forward') continue
      const { rule } = route
      this.#writes.direct(message, exchange)
      messages.push(message)
      rules.push(rule)
      works.push(this.#workOf(message, rule))
    }
    const [rule] = rules
    if (rule === undefined) return
    if (!this.#enter(group.length)) {
      for (const { index, message } of group) batch.put(index, this.#refuse(message, exchange))
      return
    }
    try {
      const { session } = exchange
      let pin = exchange.pin ?? this.#consistency.pinForAll(messages, rules, session)
      const lacksPin = (message: Message, i: number): boolean =>
        this.#consistency.lacksPin(message, rules[i] ?? rule, pin)
      if (pin === null && messages.some(lacksPin)) {
        await this.#consistency.nextPin(session)
        exchange.pin = this.#consistency.pinForBatch(session)
        pin = exchange.pin ?? this.#consistency.pinForAll(messages, rules, session)
      }
      const call = new BatchCall(messages, rule, rules, this.#costs.ofBatch(works), exchange)
      const said = await this.#place(call, pin, exchange)
      const amended = await this.#writes.amendedAll(messages, said)
      this.#outcomes.passOnAll(batch, group, amended, exchange)
    } catch (error) {
      for (const { index, message } of group) {
        batch.put(index, this.#outcomes.fail(message, error, exchange))
      }
    } finally {
      this.#underWay -= group.length
    }
  }

  /** Has it answered with `pin` as the latest block, or with a later one where that does not do. */
  async #place<Read>(
    errand: PinnedErrand<Read>,
    pin: Block | null,
    exchange: Exchange,
  ): Promise<Read> {
    for (;;) {
      errand.pinTo(pin, this.#consistency)
      const read = await this.#placement.place(errand, exchange)
      if (pin === null || errand.demand?.isPinLost !== true) return read
      const next = await this.#consistency.pinAfter(pin, exchange.session)
      if (next === pin) return read
      // Its batch, where it is pinned as a whole, goes on at the later one.
      if (exchange.pin === pin) exchange.pin = next
      pin = next
    }
  }

  #refuse(message: Message, exchange: Exchange): Answer {
    this.#metrics.shed.add('calls')
    const error = new ProxyError('OVERLOADED', 'too many calls at once')
    return this.#outcomes.fail(message, error, exchange)
  }

  /** Counts a call that the router itself answered. */
  #told(message: Message, route: Route & { kind: 'answer' }, exchange: Exchange): Answer {
    if (route.code !== null) this.#outcomes.count(message, route.code, exchange)
    return route.answer
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
