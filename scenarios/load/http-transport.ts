import { Pool } from 'undici'
import { Exchange } from './exchange.ts'
import type { LargeAnswers } from './large-answers.ts'
import type { Call, Outcome, Transport, UnderWay } from './transport.ts'

/** Calls over HTTP/1.1 on connections that are kept, one call at a time on each. */
export class HttpTransport implements Transport {
  readonly #pool: Pool
  readonly #path: string
  readonly #large: LargeAnswers | null

  /**
   * @param connections at most so many, opened as they are needed
   * @param large see {@link Exchange}
   */
  constructor(url: string, connections: number, large: LargeAnswers | null) {
    this.#large = large
    const { origin, pathname } = new URL(url)
    this.#path = pathname
    this.#pool = new Pool(origin, {
      connections,
      pipelining: 1,
      // Timeouts are counted from the intended start, by whoever sends.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
  }

  async open(): Promise<void> {}

  send(id: number, call: Call, onSettled: (outcome: Outcome) => void): UnderWay {
    const exchange = new Exchange(id, this.#large, onSettled)
    exchange.send(this.#pool, this.#path, call)
    return exchange
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}
