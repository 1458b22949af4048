import type { Picker } from './balance/picker.ts'
import { type StrategyName, strategies } from './balance/strategies.ts'
import type { Clock } from './clock.ts'
import { ProxyError, UpstreamError } from './errors.ts'
import type { Exchange } from './exchange.ts'
import { explain } from './explanation.ts'
import type { Rng } from './rng.ts'
import type { MethodRule } from './rpc/methods/rule.ts'
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
}

/** Geth has no time limit over WebSocket and IPC; ours only keeps a silent node from holding on. */
const pushTimeoutMs = 600_000

/** Puts each errand on a node by the strategy in force, and on another one if that fails it. */
export class Placement {
  readonly #fleet: Fleet
  readonly #clock: Clock
  readonly #rng: Rng
  readonly #timeoutMs: number
  readonly #metrics: CallStats
  #strategy: StrategyName
  #picker: Picker
  /** Errands placed, by strategy. */
  readonly decisions = new Counts(Object.keys(strategies).length)

  constructor(
    fleet: Fleet,
    strategy: StrategyName,
    timeoutMs: number,
    metrics: CallStats,
    clock: Clock,
    rng: Rng,
  ) {
    this.#metrics = metrics
    this.#fleet = fleet
    this.#clock = clock
    this.#rng = rng
    this.#timeoutMs = timeoutMs
    this.#strategy = strategy
    this.#picker = strategies[strategy].picker(rng, clock)
  }

  get strategy(): StrategyName {
    return this.#strategy
  }

  /** From now on calls are placed by `name`; those under way end on the meters they began on. */
  use(name: StrategyName): void {
    const { meter, picker } = strategies[name]
    const nowMs = this.#clock.nowMs()
    this.#strategy = name
    this.#picker = picker(this.#rng, this.#clock)
    for (const upstream of this.#fleet.upstreams) {
      const { cores, lastReport, reportedAtMs } = upstream
      upstream.meter = meter({ clock: this.#clock, cores, observer: 'auto' })
      // Told again, it is as old as it is: the last word of an agent long dead is not news.
      if (lastReport !== null) upstream.meter.report({ ...lastReport, age: nowMs - reportedAtMs })
    }
  }

  /**
   * Sends the errand to the node that will feel it least, and to others, each once, while those
   * asked before gave no answer and asking again is safe.
   * @throws ProxyError when no node gave an answer in time
   */
  async place<Read>(errand: Errand<Read>, exchange: Exchange): Promise<Read> {
    const { rule, work } = errand
    const timeoutMs = exchange.push === null ? this.#timeoutMs : pushTimeoutMs
    const deadlineMs = exchange.arrivedMs + timeoutMs
    let tried: Upstream[] | null = null
    let lastError: unknown = null
    for (;;) {
      const among = this.#candidates(rule, tried)
      if (this.#clock.nowMs() >= deadlineMs) throw new ProxyError('UPSTREAM_TIMEOUT', 'too late')
      if (among.length === 0) throw lastError ?? new ProxyError('NO_UPSTREAM', 'no node is up')
      const chosen = this.#picker.pick(among, work)
      this.decisions.add(this.#strategy)
      if (exchange.wantsExplanation) this.#explain(exchange, chosen, among, work, tried)
      try {
        const read = await chosen.send(
          errand.request,
          work,
          rule.repeatable,
          deadlineMs,
          exchange.cancellation,
          errand,
        )
        exchange.family = chosen.family
        return read
      } catch (error) {
        lastError = judged(error, rule, exchange)
        if (!mayTryElsewhere(lastError, rule)) throw lastError
        tried = tried === null ? [chosen] : [...tried, chosen]
        this.#metrics.retries += 1
      }
    }
  }

  #candidates(rule: MethodRule, tried: readonly Upstream[] | null): readonly Upstream[] {
    const { readers, writer } = this.#fleet.view
    if (rule.access === 'read') {
      return tried === null ? readers : readers.filter((upstream) => !tried.includes(upstream))
    }
    if (writer === null) return []
    if (tried === null) return [writer]
    const other = readers.find((upstream) => !tried.includes(upstream))
    return other === undefined ? [] : [other]
  }

  #explain(
    exchange: Exchange,
    chosen: Upstream,
    among: readonly Upstream[],
    work: Work,
    tried: readonly Upstream[] | null,
  ): void {
    const tries = (tried?.length ?? 0) + 1
    const nowMs = this.#clock.nowMs()
    exchange.explanation = explain(this.#strategy, chosen, among, work, tries, nowMs)
  }
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
