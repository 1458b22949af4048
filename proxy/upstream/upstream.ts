import type { Capacity, NodeReport } from '../../agents/report.ts'
import { giveUp, type LoadMeter } from '../balance/meter.ts'
import type { Clock } from '../clock.ts'
import { isBlameless, UpstreamError } from '../errors.ts'
import type { Family } from '../rpc/families.ts'
import { isShortOfMemory } from '../state/memory-guard.ts'
import type { Work } from '../state/work.ts'
import { Counts } from '../stats/counts.ts'
import { Histogram } from '../stats/histogram.ts'
import { LatencyWindow } from '../stats/latency-window.ts'
import { Attempt, type Cancellation } from './attempt.ts'
import { Breaker } from './breaker.ts'
import { Connections } from './connections.ts'
import { collected, type Flow } from './flow.ts'
import { NodeLoad } from './node-load.ts'
import type { Reported } from './report-intake.ts'
import { UnderWay } from './under-way.ts'

/** `up` takes calls; `unknown` has not been asked yet; the others take none. */
export type NodeHealth = 'unknown' | 'up' | 'down' | 'wrong-chain'

/** A report older than this says nothing of the memory left, milliseconds. */
const newsMs = 5_000

/** How the answer to one request is read. */
export type Reader<Read> = {
  /** Null for what is no answer to this request. */
  read(body: Buffer): Read | null
  /** Whether `open` may be asked. */
  readonly mayFlow: boolean
  /** Reads the beginning of an answer too large to be held; null when it must be held all the same. */
  open(flow: Flow): Read | null
}

/** One node as it is configured. */
export type UpstreamOptions = {
  /** Stable name, unique in the fleet. */
  readonly id: string
  /** Where it answers JSON-RPC over HTTP. */
  readonly url: URL
  /** Cores it may use, where the operator declares them. */
  readonly cores: number | null
  /** Sockets to it at most; calls beyond wait for one. */
  readonly connections: number
  /** Bytes of one answer at most. */
  readonly maxAnswerBytes: number
  /** Where it speaks WebSocket; without it, at the same address. */
  readonly ws?: URL | undefined
  /** Where it serves what is no JSON-RPC; false where nowhere, without it on the host of `url`. */
  readonly web?: URL | false | undefined
  /** Ids and names that its agent's reports may bear; without it, its own id. */
  readonly reportedAs?: readonly string[] | undefined
  /** The chain that the operator says it is on, a 0x quantity; any other is refused. */
  readonly declaredChainId?: string | undefined
}

/** Raw header lines of every request to a node: a name and password in its address are shown to it. */
export function headersFor({ username, password }: URL): string[] {
  const lines = ['content-type', 'application/json', 'accept', 'application/json']
  if (username === '' && password === '') return lines
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return [...lines, 'authorization', `Basic ${Buffer.from(credentials).toString('base64')}`]
}

/** The same address over WebSocket, as nodes that serve both on one port have it. */
function webSocketUrlOf(url: URL): URL {
  const other = new URL(url)
  other.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  return other
}

/**
 * One node: what is configured of it, what was seen of it, and the way to it. What its breaker,
 * health check and agent say is written here by them; the request path only reads it.
 */
export class Upstream {
  readonly id: string
  readonly url: URL
  readonly cores: number | null
  readonly ws: URL
  /** Null where it serves nothing but JSON-RPC. */
  readonly web: URL | null
  readonly reportedAs: readonly string[]
  readonly declaredChainId: string | null
  readonly breaker: Breaker
  readonly durations = new Histogram()
  readonly latency: LatencyWindow
  /** What it says of its load by itself. */
  readonly load: NodeLoad
  /** Failed calls by reason. */
  readonly errors = new Counts(16)
  /** Swapped with the strategy. Whoever started a call settles it with the meter it started on. */
  meter: LoadMeter
  /** Written by the health check, with the reason in words while it is not `up`. */
  health: NodeHealth = 'unknown'
  reason: string | null = 'not asked yet'
  chainId: string | null = null
  /** What client it is, where that is known and not Geth. */
  family: Family | null = null
  /** The hash of its block 0, where that is known. */
  genesis: string | null = null
  /** Height of its newest block; written by {@link hear} and by whoever follows its head. */
  head: number | null = null
  headAtMs = Number.NEGATIVE_INFINITY
  /** Heights of its newest `safe` and `finalized` blocks; written by the head's follower. */
  safe: number | null = null
  finalized: number | null = null
  /** Since when its head is on another branch than the fleet's; null while it is not. */
  asideSinceMs: number | null = null
  /** Asks the node for its head; never rejects. Null while nobody follows the head. */
  look: (() => Promise<void>) | null = null
  /** Written by the operator. */
  draining = false
  /** Written by the collector. */
  lastReport: NodeReport | null = null
  reportedAtMs = 0
  reportedFrom: Reported['reportedFrom'] = null
  /** The last capacity any report carried; it outlives the agent. */
  capacity: Capacity | null = null
  inFlight = 0
  calls = 0
  failed = 0
  /** When a call was last answered. Written here. */
  answeredAtMs = Number.NEGATIVE_INFINITY
  /** Told when calls to it begin or cease to make sense: a failure, a trial, a recovery. */
  onTurn: () => void = () => {}
  readonly #clock: Clock
  readonly #connections: Connections
  readonly #maxAnswerBytes: number
  readonly #underWay: UnderWay
  /** Told once, when the last call in flight is over. */
  #onIdle: (() => void) | null = null

  constructor(options: UpstreamOptions, meter: LoadMeter, clock: Clock) {
    this.id = options.id
    this.url = options.url
    this.cores = options.cores
    this.ws = options.ws ?? webSocketUrlOf(options.url)
    this.web = options.web === false ? null : (options.web ?? new URL('/', options.url))
    this.reportedAs = options.reportedAs ?? [options.id]
    this.declaredChainId = options.declaredChainId ?? null
    this.breaker = new Breaker(clock)
    this.latency = new LatencyWindow(clock)
    this.load = new NodeLoad(this, clock)
    this.meter = meter
    this.#clock = clock
    this.#underWay = new UnderWay(clock)
    this.#maxAnswerBytes = options.maxAnswerBytes
    this.#connections = new Connections(
      options.url,
      headersFor(options.url),
      options.connections,
      clock,
    )
  }

  /**
   * Sends one request, reads its answer with `reader`, and settles meter, breaker and counts.
   * @param repeatable whether {@link abandonReads} may end it early
   * @throws UpstreamError when there is no answer that can be read
   */
  async send<Read>(
    request: Buffer,
    work: Work,
    repeatable: boolean,
    deadlineMs: number,
    cancellation: Cancellation,
    reader: Reader<Read>,
  ): Promise<Read> {
    const { meter } = this
    const startedMs = this.#clock.nowMs()
    this.inFlight += 1
    this.calls += 1
    const isTrial = this.breaker.state !== 'closed'
    this.breaker.start()
    const ticket = meter.start(work)
    if (isTrial) this.onTurn()
    const attempt = new Attempt(this.id, this.#maxAnswerBytes, cancellation, reader.mayFlow)
    try {
      this.#underWay.add(attempt, deadlineMs, repeatable)
      this.#connections.dispatch(request, repeatable, attempt)
      const body = await attempt.answer
      this.#underWay.delete(attempt)
      const answer =
        attempt.flow === null
          ? reader.read(body)
          : await this.#follow(attempt, attempt.flow, repeatable, deadlineMs, cancellation, reader)
      if (answer === null) {
        const seen = JSON.stringify(body.toString('latin1', 0, 80))
        throw new UpstreamError('UPSTREAM_NONSENSE', this.id, `no JSON-RPC answer: ${seen}`)
      }
      const nowMs = this.#clock.nowMs()
      const rttMs = nowMs - startedMs
      this.answeredAtMs = nowMs
      if (attempt.load !== null) this.load.hear(attempt.load)
      this.breaker.succeed()
      if (isTrial) this.onTurn()
      meter.settle(ticket, work, rttMs, false)
      this.latency.record(rttMs)
      this.durations.observe(rttMs / 1000)
      return answer
    } catch (error) {
      this.#underWay.delete(attempt)
      const rttMs = this.#clock.nowMs() - startedMs
      if (cancellation.isCancelled || isBlameless(error)) giveUp(meter, ticket, work, rttMs)
      else meter.settle(ticket, work, rttMs, true)
      this.#blame(error, cancellation)
      throw error
    } finally {
      this.#ended()
    }
  }

  #ended(): void {
    this.inFlight -= 1
    if (this.inFlight > 0 || this.#onIdle === null) return
    this.#onIdle()
    this.#onIdle = null
  }

  /** Resolves when no call is in flight. For one who waits at a time. */
  idle(): Promise<void> {
    if (this.inFlight === 0) return Promise.resolve()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onIdle = resolve
    return promise
  }

  #blame(error: unknown, cancellation: Cancellation): void {
    if (cancellation.isCancelled || isBlameless(error)) {
      this.breaker.abandon()
      this.onTurn()
      return
    }
    this.failed += 1
    this.errors.add(error instanceof UpstreamError ? error.code.toLowerCase() : 'internal')
    this.breaker.fail()
    this.onTurn()
  }

  /** The node said what its height is; `askedAtMs` it was asked, so that later news stand. */
  hear(number: number, askedAtMs: number): void {
    if (number === this.head || askedAtMs < this.headAtMs) return
    this.head = number
    this.headAtMs = this.#clock.nowMs()
    void this.look?.()
  }

  /** Whether its last report, while that is news, says that it is short of memory. */
  get isShortOfMemory(): boolean {
    const { lastReport } = this
    if (lastReport === null || lastReport.gone === true) return false
    return this.#clock.nowMs() - this.reportedAtMs < newsMs && isShortOfMemory(lastReport)
  }

  /** Cores it may use: as last reported, until then as declared, or 1. */
  get capacityCores(): number {
    return this.capacity?.cpus ?? this.cores ?? 1
  }

  /** Ends the attempts that may be made again elsewhere. Called when the node is found dead. */
  abandonReads(): void {
    this.#underWay.abandon(new Error('the node was found dead'))
  }

  /**
   * Reads an answer that flows. Its end is waited for here and not by the caller: until then the
   * call is in flight, within the same deadline.
   */
  async #follow<Read>(
    attempt: Attempt,
    flow: Flow,
    repeatable: boolean,
    deadlineMs: number,
    cancellation: Cancellation,
    reader: Reader<Read>,
  ): Promise<Read | null> {
    this.#underWay.add(attempt, deadlineMs, repeatable)
    const over = flow.ended.finally(() => this.#underWay.delete(attempt))
    const answer = reader.open(flow)
    if (answer === null) {
      const [body] = await Promise.all([collected(flow), over])
      return reader.read(body)
    }
    this.inFlight += 1
    over
      .catch((error: unknown) => {
        // A client that does not take its answer is not the node's failure.
        if (!flow.isHeldBack) this.#blame(error, cancellation)
      })
      .finally(() => this.#ended())
    return answer
  }

  /** Ends every connection, and with them the calls in flight. */
  async close(): Promise<void> {
    await this.#connections.close()
  }
}
