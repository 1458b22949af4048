import { errors } from 'undici'
import { type Clock, systemClock } from '../clock.ts'
import { UpstreamError } from '../errors.ts'
import { type Family, familyOf } from '../rpc/families.ts'
import { blockOf } from './block.ts'
import type { Fleet } from './fleet.ts'
import { LostTime } from './lost-time.ts'
import { SideLine } from './side-line.ts'
import type { Upstream } from './upstream.ts'

/** Tuning of the checks, milliseconds above zero. */
export type HealthOptions = {
  /** Time between the end of one check and the start of the next. */
  readonly intervalMs: number
  /**
   * A node that does not answer for so long is down, unless it answered a client's call just now, or
   * this process stood still for half of that time, and silence says nothing.
   */
  readonly timeoutMs: number
}

/** A dead node shows within interval + timeout, 1.5 s, whether it refuses or is silent. */
export const healthDefaults: HealthOptions = { intervalMs: 500, timeoutMs: 1_000 }

/** Chain and client are asked anew every so many checks, and after each failure. */
const checksPerIdentity = 20

const maxAnswerBytes = 65_536

/** A node that was silent for no longer than this, and did nothing worse, is not cold; ms. */
const warmMs = 10_000

/** Silence says nothing of a node when this process stood still for so much of the node's time. */
const deafRatio = 0.5

/** Told of the end of a check, and whether something is other than it was before. */
export type OnChecked = (isNews: boolean) => void

/**
 * Asks every node over and over, by real calls, whether it is on the right chain and how high its
 * head is, on a connection of its own, so that a node busy with calls is not taken for a dead one.
 */
export class HealthChecks {
  readonly #fleet: Fleet
  readonly #options: HealthOptions
  readonly #clock: Clock
  readonly #lost: LostTime
  readonly #checks = new Map<Upstream, Check>()

  /** @param lost ends with the checks */
  constructor(
    fleet: Fleet,
    options: HealthOptions,
    clock: Clock,
    lost: LostTime = new LostTime(systemClock),
  ) {
    this.#fleet = fleet
    this.#options = options
    this.#clock = clock
    this.#lost = lost
    for (const upstream of fleet.upstreams) this.#of(upstream)
  }

  /**
   * Checks each node of the fleet once, then goes on in the background until {@link close}; `then` is
   * told of each check that follows.
   */
  async start(then: OnChecked = () => this.#fleet.refresh()): Promise<void> {
    const checks = [...this.#checks.values()]
    await Promise.all(checks.map((check) => check.once()))
    this.#fleet.refresh()
    for (const check of checks) {
      check.follow(this.#options.intervalMs, then)
    }
  }

  /** Checks one more node, now and in the background; `then` is told of each check. */
  async add(upstream: Upstream, then: OnChecked): Promise<void> {
    const check = this.#of(upstream)
    const isNews = await check.once()
    if (check.isClosed) return
    then(isNews)
    check.follow(this.#options.intervalMs, then)
  }

  async remove(upstream: Upstream): Promise<void> {
    const check = this.#checks.get(upstream)
    this.#checks.delete(upstream)
    await check?.close()
  }

  async close(): Promise<void> {
    this.#lost.close()
    await Promise.all([...this.#checks.values()].map((check) => check.close()))
  }

  #of(upstream: Upstream): Check {
    const check = new Check(upstream, this.#options, this.#clock, this.#lost)
    this.#checks.set(upstream, check)
    return check
  }
}

/** What a check may find, as a text to compare. */
function factsOf({ health, reason, chainId, genesis, head }: Upstream): string {
  return `${health} ${chainId} ${genesis} ${head} ${reason}`
}

function isTimeout(error: unknown): boolean {
  if (!(error instanceof UpstreamError)) return false
  return error.code === 'UPSTREAM_TIMEOUT' || error.cause instanceof errors.ConnectTimeoutError
}

/** The checks of one node. */
class Check {
  readonly #upstream: Upstream
  readonly #options: HealthOptions
  readonly #clock: Clock
  readonly #line: SideLine
  readonly #lost: LostTime
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #count = 0
  /** Since when it is down, and whether it was more than silent since: a process that ended is cold. */
  #downSinceMs = 0
  #wasGone = false
  /** Time that was lost before the last question. */
  #lostBeforeMs = 0

  constructor(upstream: Upstream, options: HealthOptions, clock: Clock, lost: LostTime) {
    this.#upstream = upstream
    this.#options = options
    this.#clock = clock
    this.#lost = lost
    this.#line = new SideLine(upstream, options.timeoutMs, maxAnswerBytes)
  }

  get isClosed(): boolean {
    return this.#closed
  }

  follow(intervalMs: number, then: OnChecked): void {
    // Closed meanwhile, by what it told.
    if (this.#closed) return
    const next = async (): Promise<void> => {
      const isNews = await this.once()
      if (this.#closed) return
      then(isNews)
      this.#timer = setTimeout(next, intervalMs).unref()
    }
    this.#timer = setTimeout(next, intervalMs).unref()
  }

  /**
   * Asks, and writes what it learned on the upstream. Never throws: a failure is a finding.
   * @returns whether something is other than it was
   */
  async once(): Promise<boolean> {
    const before = factsOf(this.#upstream)
    await this.#check()
    return factsOf(this.#upstream) !== before
  }

  async #check(): Promise<void> {
    const upstream = this.#upstream
    const startedMs = this.#clock.nowMs()
    try {
      const isDue = this.#count % checksPerIdentity === 0 || upstream.health !== 'up'
      this.#count += 1
      if (isDue) {
        upstream.chainId = await this.#quantity('eth_chainId')
        upstream.family = await this.#family()
        upstream.genesis = await this.#genesis()
      }
      const askedMs = this.#clock.nowMs()
      upstream.hear(Number(await this.#quantity('eth_blockNumber')), askedMs)
      if (upstream.health === 'down' && this.#isCold()) upstream.meter.joined?.()
      upstream.health = 'up'
      upstream.reason = null
      if (upstream.breaker.endure()) upstream.onTurn()
    } catch (error) {
      const wasUp = upstream.health === 'up'
      if (wasUp && (this.#answersClients(startedMs) || this.#wasDeafTo(error))) return
      if (upstream.health !== 'down') {
        this.#downSinceMs = startedMs
        this.#wasGone = false
      }
      if (!isTimeout(error)) this.#wasGone = true
      upstream.health = 'down'
      upstream.reason = error instanceof Error ? error.message : String(error)
      // A stopped node keeps its connections open: reads that wait on it must not wait with it.
      if (wasUp) upstream.abandonReads()
    }
  }

  /** One that was silent for a moment is as warm as it was; to spare it would load the others. */
  #isCold(): boolean {
    return this.#wasGone || this.#clock.nowMs() - this.#downSinceMs > warmMs
  }

  /**
   * Slow to answer us is not dead. But it may have died since: only an answer of the later half of
   * the check counts, so that a node that stops is found to have stopped by the next check.
   */
  #answersClients(startedMs: number): boolean {
    const { answeredAtMs } = this.#upstream
    const agoMs = this.#clock.nowMs() - answeredAtMs
    return answeredAtMs > startedMs && agoMs < this.#options.timeoutMs / 2
  }

  /** A process that gets no CPU finds all its nodes silent at once, and it is the silent one. */
  #wasDeafTo(error: unknown): boolean {
    const lostMs = this.#lost.ms - this.#lostBeforeMs
    return isTimeout(error) && lostMs >= deafRatio * this.#options.timeoutMs
  }

  #ask(method: string, params?: string): Promise<readonly [result: unknown, body: Buffer]> {
    this.#lostBeforeMs = this.#lost.ms
    return this.#line.ask(method, params)
  }

  /** The 0x quantity that `method` without params answers. */
  async #quantity(method: string): Promise<string> {
    const [value, body] = await this.#ask(method)
    if (typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value)) return value.toLowerCase()
    throw new Error(`${method} answered ${JSON.stringify(body.toString('latin1', 0, 80))}`)
  }

  /** Some providers do not tell their client, which is no fault: theirs is as it was known. */
  async #family(): Promise<Family | null> {
    const { family } = this.#upstream
    try {
      const [version] = await this.#ask('web3_clientVersion')
      return typeof version === 'string' ? familyOf(version) : family
    } catch {
      return family // Whether it still answers is asked next.
    }
  }

  /** The hash of block 0, as it was known where the node does not tell it. */
  async #genesis(): Promise<string | null> {
    const { genesis } = this.#upstream
    try {
      const [value] = await this.#ask('eth_getBlockByNumber', '["0x0",false]')
      return blockOf(value)?.hash ?? genesis
    } catch {
      return genesis // Whether it still answers is asked next.
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#line.close()
  }
}
