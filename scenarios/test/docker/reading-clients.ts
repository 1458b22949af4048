import { setTimeout as pause } from 'node:timers/promises'
import { Pool } from 'undici'
import { z } from 'zod'

const clients = 8
const pauseMs = 20
const timeoutMs = 15_000
const keptFailures = 5

const answerSchema = z.object({ jsonrpc: z.literal('2.0'), id: z.number(), result: z.string() })

/** Clients that read, one call after the other each, and check every answer. */
export class ReadingClients {
  readonly #pool: Pool
  readonly #over = new AbortController()
  readonly #working: readonly Promise<void>[]
  /** Why calls failed; the first few. */
  readonly failures: string[] = []
  #answers = 0
  #slowestMs = 0

  /** @param account whose balance is read */
  constructor(endpoint: string, account: string) {
    this.#pool = new Pool(endpoint, { connections: clients })
    const calls = [
      { method: 'eth_getBalance', params: [account, 'latest'] },
      { method: 'eth_blockNumber', params: [] },
      { method: 'eth_chainId', params: [] },
      { method: 'eth_gasPrice', params: [] },
    ]
    this.#working = Array.from({ length: clients }, (_, i) => this.#work(i, calls))
  }

  get answers(): number {
    return this.#answers
  }

  /** Of the slowest call, from its sending to its last byte. */
  get slowestMs(): number {
    return this.#slowestMs
  }

  async close(): Promise<void> {
    this.#over.abort()
    await Promise.all(this.#working)
    await this.#pool.close()
  }

  async #work(client: number, calls: readonly object[]): Promise<void> {
    const { signal } = this.#over
    for (let id = client; !signal.aborted; id += 1) {
      const beganMs = performance.now()
      try {
        await this.#call(id, calls[id % calls.length] ?? {})
        this.#answers += 1
      } catch (error) {
        if (this.failures.length < keptFailures) this.failures.push(String(error))
      }
      this.#slowestMs = Math.max(this.#slowestMs, performance.now() - beganMs)
      await pause(pauseMs)
    }
  }

  async #call(id: number, call: object): Promise<void> {
    const { statusCode, body } = await this.#pool.request({
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, ...call }),
      signal: AbortSignal.timeout(timeoutMs),
    })
    const text = await body.text()
    const answer = answerSchema.safeParse(JSON.parse(text))
    if (statusCode !== 200 || answer.data?.id !== id) throw new Error(`${statusCode}: ${text}`)
  }
}
