import { Client } from 'undici'
import type { Clock } from '../clock.ts'
import { type Family, familyOf } from '../rpc/families.ts'
import { parseReply, type Reply } from '../rpc/reply.ts'
import { Attempt, Cancellation } from './attempt.ts'
import type { Fleet } from './fleet.ts'
import { headersFor, type Upstream } from './upstream.ts'

/** Tuning of the checks, milliseconds above zero. */
export type HealthOptions = {
  /** Time between the end of one check and the start of the next. */
  readonly intervalMs: number
  /** A node that does not answer for so long is down, unless it answered a client's call just now. */
  readonly timeoutMs: number
}

/** A dead node shows within interval + timeout, 1.5 s, whether it refuses or is silent. */
export const healthDefaults: HealthOptions = { intervalMs: 500, timeoutMs: 1_000 }

/** Chain and client are asked anew every so many checks, and after each failure. */
const checksPerIdentity = 20

const maxAnswerBytes = 65_536

/**
 * Asks every node over and over, by real calls, whether it is on the right chain and how high its
 * head is, on a connection of its own, so that a node busy with calls is not taken for a dead one.
 */
export class HealthChecks {
  readonly #fleet: Fleet
  readonly #options: HealthOptions
  readonly #checks: readonly Check[]

  constructor(fleet: Fleet, options: HealthOptions, clock: Clock) {
    this.#fleet = fleet
    this.#options = options
    this.#checks = fleet.upstreams.map((upstream) => new Check(upstream, options, clock))
  }

  /** Checks each node once, then goes on in the background until {@link close}. */
  async start(): Promise<void> {
    await Promise.all(this.#checks.map((check) => check.once()))
    this.#fleet.refresh()
    for (const check of this.#checks) {
      check.follow(this.#options.intervalMs, () => this.#fleet.refresh())
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#checks.map((check) => check.close()))
  }
}

/** The checks of one node. */
class Check {
  readonly #upstream: Upstream
  readonly #options: HealthOptions
  readonly #clock: Clock
  readonly #client: Client
  readonly #cancellation = new Cancellation()
  #timer: NodeJS.Timeout | undefined
  #closed = false
  #count = 0
  #id = 0

  constructor(upstream: Upstream, options: HealthOptions, clock: Clock) {
    this.#upstream = upstream
    this.#options = options
    this.#clock = clock
    this.#client = new Client(upstream.url.origin, {
      allowH2: false,
      keepAliveTimeout: 10_000,
      connect: { timeout: options.timeoutMs },
    })
  }

  follow(intervalMs: number, then: () => void): void {
    const next = async (): Promise<void> => {
      await this.once()
      if (this.#closed) return
      then()
      this.#timer = setTimeout(next, intervalMs).unref()
    }
    this.#timer = setTimeout(next, intervalMs).unref()
  }

  /** Asks, and writes what it learned on the upstream. Never throws: a failure is a finding. */
  async once(): Promise<void> {
    const upstream = this.#upstream
    const startedMs = this.#clock.nowMs()
    try {
      const isDue = this.#count % checksPerIdentity === 0 || upstream.health !== 'up'
      this.#count += 1
      if (isDue) {
        upstream.chainId = await this.#quantity('eth_chainId')
        upstream.family = await this.#family()
      }
      upstream.head = Number(await this.#quantity('eth_blockNumber'))
      upstream.health = 'up'
      upstream.reason = null
    } catch (error) {
      if (upstream.health === 'up' && this.#answersClients(startedMs)) return
      const wasUp = upstream.health === 'up'
      upstream.health = 'down'
      upstream.reason = error instanceof Error ? error.message : String(error)
      // A stopped node keeps its connections open: reads that wait on it must not wait with it.
      if (wasUp) upstream.abandonReads()
    }
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

  /** The 0x quantity that `method` without params answers. */
  async #quantity(method: string): Promise<string> {
    const [value, body] = await this.#call(method)
    if (typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value)) return value.toLowerCase()
    throw new Error(`${method} answered ${JSON.stringify(body.toString('latin1', 0, 80))}`)
  }

  /** Some providers do not tell their client, which is no fault: theirs is as it was known. */
  async #family(): Promise<Family | null> {
    const { family } = this.#upstream
    try {
      const [version] = await this.#call('web3_clientVersion')
      return typeof version === 'string' ? familyOf(version) : family
    } catch {
      return family // Whether it still answers is asked next.
    }
  }

  /** The result of `method` without params, undefined where there is none, and the whole answer. */
  async #call(method: string): Promise<readonly [result: unknown, body: Buffer]> {
    const id = ++this.#id
    const body = await this.#ask(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":[]}`)
    const reply = parseReply(body, id)
    return [reply?.kind === 'result' ? decoded(reply) : undefined, body]
  }

  async #ask(body: string): Promise<Buffer> {
    const { id, url } = this.#upstream
    const attempt = new Attempt(id, maxAnswerBytes, this.#cancellation)
    const deadline = setTimeout(() => attempt.expire(), this.#options.timeoutMs)
    const path = url.pathname + url.search
    try {
      this.#client.dispatch({ path, method: 'POST', headers: headersFor(url), body }, attempt)
      return await attempt.answer
    } finally {
      clearTimeout(deadline)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    await this.#client.destroy()
  }
}

function decoded(reply: Reply): unknown {
  return JSON.parse(reply.body.toString('utf8', reply.start, reply.end))
}
