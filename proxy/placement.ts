import type { LoadMeter } from './balance/meter.ts'
import { strategies } from './balance/strategies.ts'
import { type StrategyChoice, strategyText } from './balance/strategy-choice.ts'
import type { Clock } from './clock.ts'
import type { Demand } from './consistency/demand.ts'
import { ProxyError, UpstreamError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { explain } from './explanation.ts'
import { HeldErrand } from './held-errand.ts'
import type { Recorder } from './recorder.ts'
import type { Rng } from './rng.ts'
import type { MethodRule } from './rpc/methods/rule.ts'
import { Dispatcher, dispatcherDefaults } from './schedule/dispatcher.ts'
import type { Work } from './state/work.ts'
import type { CallStats } from './stats/call-stats.ts'
import { Counts } from './stats/counts.ts'
import type { Fleet } from './upstream/fleet.ts'
import type { Reader, Upstream } from './upstream/upstream.ts'

/** One request to one node: the bytes, what they will use, and how to read the answer. */
export type Errand<Read> = Reader<Read> & {
  readonly request: Buffer
  readonly rule: MethodRule
  readonly work: Work
  /** What it needs of the node; null or absent where any one will do. */
  readonly demand?: Demand<Read> | null
}

/** Geth has no time limit over WebSocket and IPC; ours only keeps a silent node from holding on. */
const pushTimeoutMs = 600_000

/** What a {@link Placement} works with. */
export type PlacementOptions = {
  readonly choice: StrategyChoice
  /** The meter of a node under a strategy. */
  readonly meterOf: (choice: StrategyChoice, cores: number | null) => LoadMeter
  /** A call's time over HTTP, milliseconds. */
  readonly timeoutMs: number
  /** Takes down every try, where that is wanted. */
  readonly recorder?: Recorder | null
}

/** Puts each errand on a node by the strategy in force, and on another one if that fails it. */
export class Placement {
  readonly dispatcher: Dispatcher<Upstream>
  readonly #fleet: Fleet
  readonly #options: PlacementOptions
  readonly #metrics: CallStats
  readonly #clock: Clock
  readonly #recorder: Recorder | null
  #choice: StrategyChoice
  #strategy: string
  /** Runs while errands wait. */
  #alarm: NodeJS.Timeout | null = null
  #alarmAtMs = Number.POSITIVE_INFINITY
  /** Errands placed, by strategy. */
  readonly decisions = new Counts(Object.keys(strategies).length)

  constructor(fleet: Fleet, options: PlacementOptions, metrics: CallStats, clock: Clock, rng: Rng) {
    this.#fleet = fleet
    this.#options = options
    this.#metrics = metrics
    this.#clock = clock
    this.#recorder = options.recorder ?? null
    this.#choice = options.choice
    this.#strategy = strategyText(options.choice)
    this.dispatcher = new Dispatcher(options.choice, dispatcherDefaults, clock, rng)
  }

  /** As people write it; see {@link strategyText}. */
  get strategy(): string {
    return this.#strategy
  }

  /** The meter of a node that comes into the fleet now. */
  meterFor(cores: number | null): LoadMeter {
    return this.#options.meterOf(this.#choice, cores)
  }

  /** Its meter begins anew, with what its agent said last. */
  renewMeter(upstream: Upstream): void {
    const { capacity, cores, lastReport, reportedAtMs } = upstream
    upstream.meter = this.meterFor(capacity?.cpus ?? cores)
    // Told again, it is as old as it is: the last word of an agent long dead is not news.
    const age = this.#clock.nowMs() - reportedAtMs
    if (lastReport !== null) upstream.meter.report({ ...lastReport, age })
  }

  /** From now on calls are placed by `choice`; those under way end on the meters they began on. */
  use(choice: StrategyChoice): void {
    this.#choice = choice
    this.#strategy = strategyText(choice)
    for (const upstream of this.#fleet.upstreams) this.renewMeter(upstream)
    this.#recorder?.strategy(this.#strategy)
    this.dispatcher.use(choice)
  }

  /**
   * Sends the errand to the node that will feel it least, at once or when that has room, and to
   * others, each once, while those asked before gave no answer and asking again is safe.
   * @throws ProxyError when no node gave an answer in time
   */
  async place<Read>(errand: Errand<Read>, exchange: Exchange): Promise<Read> {
    const { rule, work, demand = null } = errand
    const timeoutMs = exchange.push === null ? this.#options.timeoutMs : pushTimeoutMs
    const deadlineMs = exchange.arrivedMs + timeoutMs
    let tried: Upstream[] | null = null
    let lastError: unknown = null
    /** What it waited in all; its bound is one, however many nodes are asked. */
    let heldMs = 0
    /** An answer that says what its node lacks: the client's, unless another node knows better. */
    let missed: Answered<Read> | null = null
    for (;;) {
      const among = this.#candidates(errand, tried)
      if (this.#clock.nowMs() >= deadlineMs) throw new ProxyError('UPSTREAM_TIMEOUT', 'too late')
      if (among.length === 0) {
        if (missed !== null && demand?.mayHandOn !== false)
          return handedOn(missed, demand, exchange)
        if (demand !== null && (await demand.catchUp())) {
          // Those who showed an old head may have come to the new one by now.
          if (missed !== null) tried = missed = null
          continue
        }
        throw lastError ?? this.#shortfall(demand)
      }
      const chosen: Upstream | null = this.dispatcher.pick(work, among)
      const held: HeldErrand<Read> | null =
        chosen === null ? this.#holding(errand, exchange, deadlineMs, tried, heldMs) : null
      let takenMs = 0
      let isFailed = true
      const pickedMs = this.#recorder === null ? 0 : this.#clock.nowMs()
      const out = this.#recorder === null ? undefined : this.#leftOut(among)
      try {
        let read: Read
        if (chosen !== null) {
          this.#decide(exchange, chosen, among, work, tried, heldMs)
          takenMs = this.dispatcher.sent(chosen, work)
          read = await this.#send(errand, exchange, deadlineMs, chosen)
        } else if (held !== null) {
          const reading = held.wait(this.dispatcher, deadlineMs, heldMs)
          this.#setAlarm()
          read = await reading
        } else continue
        isFailed = false
        const node: Upstream | null = chosen ?? held?.node ?? null
        if (node === null) throw new ProxyError('NO_UPSTREAM', 'an answer of no node')
        // What flows to the client already cannot be taken back.
        if (demand === null || exchange.flow !== null || !demand.isMiss(read, node)) {
          return handedOn({ read, node }, demand, exchange)
        }
        missed = { read, node }
        tried = tried === null ? [node] : [...tried, node]
      } catch (error) {
        lastError = judged(error, rule, exchange)
        const node: Upstream | null = chosen ?? held?.node ?? null
        const isShed = error instanceof ProxyError && error.code === 'OVERLOADED'
        if (node === null && isShed) this.#metrics.shed.add('held')
        if (node === null || !mayTryElsewhere(lastError, rule)) throw lastError
        tried = tried === null ? [node] : [...tried, node]
        this.#metrics.retries += 1
      } finally {
        const node = chosen ?? held?.node ?? null
        if (node !== null) this.dispatcher.ended(node, held?.takenMs ?? takenMs)
        const waitedMs = held?.heldMs ?? 0
        heldMs += waitedMs
        const to = node?.id ?? null
        this.#recorder?.call(work, pickedMs, among.length, out, to, waitedMs, isFailed)
      }
    }
  }

  /** The nodes that a call cannot go to, for the record; undefined where it may go to all. */
  #leftOut(among: readonly Upstream[]): readonly string[] | undefined {
    const { upstreams } = this.#fleet
    if (among.length === upstreams.length) return undefined
    return upstreams.filter((upstream) => !among.includes(upstream)).map(({ id }) => id)
  }

  /** The errand, ready to wait. */
  #holding<Read>(
    errand: Errand<Read>,
    exchange: Exchange,
    deadlineMs: number,
    tried: readonly Upstream[] | null,
    heldBeforeMs: number,
  ): HeldErrand<Read> {
    const { work } = errand
    const among = (): readonly Upstream[] => this.#candidates(errand, tried)
    return new HeldErrand<Read>(
      work,
      among,
      (held, node, heldMs) => {
        this.#decide(exchange, node, among(), work, tried, heldBeforeMs + heldMs)
        held.takenMs = this.dispatcher.sent(node, work)
        return this.#send(errand, exchange, deadlineMs, node)
      },
      exchange.cancellation,
    )
  }

  #send<Read>(
    errand: Errand<Read>,
    exchange: Exchange,
    deadlineMs: number,
    node: Upstream,
  ): Promise<Read> {
    const { request, work, rule } = errand
    return node.send(request, work, rule.repeatable, deadlineMs, exchange.cancellation, errand)
  }

  /** Lets time pass for the errands that wait. */
  #setAlarm(): void {
    const atMs = this.dispatcher.nextDeadlineMs
    if (atMs >= this.#alarmAtMs) return
    if (this.#alarm !== null) clearTimeout(this.#alarm)
    this.#alarmAtMs = atMs
    this.#alarm = setTimeout(
      () => {
        this.#alarm = null
        this.#alarmAtMs = Number.POSITIVE_INFINITY
        this.dispatcher.expire()
        this.#setAlarm()
      },
      Math.max(1, atMs - this.#clock.nowMs()),
    ).unref()
  }

  #shortfall<Read>(demand: Demand<Read> | null): ProxyError {
    const isDown = demand === null || this.#fleet.view.readers.length === 0
    return isDown ? new ProxyError('NO_UPSTREAM', 'no node is up') : demand.shortfall()
  }

  #candidates<Read>(
    { rule, demand = null }: Errand<Read>,
    tried: readonly Upstream[] | null,
  ): readonly Upstream[] {
    const { readers, writer } = this.#fleet.view
    if (rule.access === 'read') {
      const left =
        tried === null ? readers : readers.filter((upstream) => !tried.includes(upstream))
      return demand === null || left.length === 0 ? left : demand.among(left)
    }
    if (writer === null) return []
    if (tried === null) return [writer]
    const other = readers.find((upstream) => !tried.includes(upstream))
    return other === undefined ? [] : [other]
  }

  /** Counts the decision and takes its numbers down; must run before the call is on `chosen`. */
  #decide(
    exchange: Exchange,
    chosen: Upstream,
    among: readonly Upstream[],
    work: Work,
    tried: readonly Upstream[] | null,
    heldMs: number,
  ): void {
    this.decisions.add(this.#strategy)
    if (!exchange.wantsExplanation) return
    const tries = (tried?.length ?? 0) + 1
    const nowMs = this.#clock.nowMs()
    exchange.explanation = explain(this.#strategy, chosen, among, work, tries, heldMs, nowMs)
  }
}

/** An answer, and whose it is. */
type Answered<Read> = { readonly read: Read; readonly node: Upstream }

function handedOn<Read>(
  { read, node }: Answered<Read>,
  demand: Demand<Read> | null,
  exchange: Exchange,
): Read {
  exchange.family = node.family
  exchange.node = node
  return demand === null ? read : demand.settle(read, node)
}

/** Whether another node may be asked: never where the first one can have acted on the call. */
function mayTryElsewhere(error: unknown, rule: MethodRule): boolean {
  if (!(error instanceof UpstreamError)) return false
  return error.unsent || (rule.repeatable && error.failure.elsewhere)
}

/**
 * What a failure means for the client: cancelled, or uncertain where the call may have acted. That
 * its time is over says so already, in the words of Geth.
 */
function judged(error: unknown, rule: MethodRule, exchange: Exchange): unknown {
  if (exchange.cancellation.isCancelled) {
    return new ProxyError('CANCELLED', 'the client went away', { cause: error })
  }
  const mayHaveActed = rule.access === 'write' && error instanceof UpstreamError && !error.unsent
  if (!mayHaveActed || error.code === 'UPSTREAM_TIMEOUT') return error
  return new ProxyError('WRITE_UNCERTAIN', error.message, { cause: error })
}
