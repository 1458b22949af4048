import { Client } from 'undici'
import { parseReply } from '../rpc/reply.ts'
import { Attempt, Cancellation } from './attempt.ts'
import { headersFor, type Upstream } from './upstream.ts'

/**
 * A connection of our own to one node, beside those that carry calls, so that our questions neither
 * wait for clients' calls nor count as any.
 */
export class SideLine {
  readonly #upstream: Upstream
  readonly #timeoutMs: number
  readonly #maxAnswerBytes: number
  readonly #client: Client
  readonly #cancellation = new Cancellation()
  #id = 0

  /** @param timeoutMs for each question, above 0 */
  constructor(upstream: Upstream, timeoutMs: number, maxAnswerBytes: number) {
    this.#upstream = upstream
    this.#timeoutMs = timeoutMs
    this.#maxAnswerBytes = maxAnswerBytes
    this.#client = new Client(upstream.url.origin, {
      allowH2: false,
      keepAliveTimeout: 10_000,
      connect: { timeout: timeoutMs },
    })
  }

  /**
   * The result of a call, undefined where the node answered anything else, and the whole answer.
   * @param params as JSON
   * @throws UpstreamError when there is no answer in time
   */
  async ask(method: string, params = '[]'): Promise<readonly [result: unknown, body: Buffer]> {
    const id = ++this.#id
    const body = await this.#post(
      `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`,
    )
    const reply = parseReply(body, id)
    if (reply?.kind !== 'result') return [undefined, body]
    const result: unknown = JSON.parse(reply.body.toString('utf8', reply.start, reply.end))
    return [result, body]
  }

  async #post(body: string): Promise<Buffer> {
    const { id, url } = this.#upstream
    const attempt = new Attempt(id, this.#maxAnswerBytes, this.#cancellation)
    const deadline = setTimeout(() => attempt.expire(), this.#timeoutMs)
    const path = url.pathname + url.search
    try {
      this.#client.dispatch({ path, method: 'POST', headers: headersFor(url), body }, attempt)
      const answer = await attempt.answer
      if (attempt.load !== null) this.#upstream.load.hear(attempt.load)
      return answer
    } finally {
      clearTimeout(deadline)
    }
  }

  async close(): Promise<void> {
    await this.#client.destroy()
  }
}
