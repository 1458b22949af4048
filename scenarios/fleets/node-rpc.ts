import { Pool } from 'undici'

/** A node that answered with a JSON-RPC error: it is there, and refused. */
export class NodeRefusal extends Error {
  override readonly name = 'NodeRefusal'
  readonly code: number

  constructor(method: string, code: number, message: string) {
    super(`${method}: ${message}`)
    this.code = code
  }
}

/** A node that gave no answer, or none in JSON-RPC. `cause` is what came instead. */
export class NodeSilence extends Error {
  override readonly name = 'NodeSilence'
}

/** One call of a batch. */
export type NodeCall = readonly [method: string, ...params: unknown[]]

const connections = 4

/** Calls to one node over kept connections. Answers are `unknown`: who asked knows what to expect. */
export class NodeRpc {
  readonly url: string
  readonly #pool: Pool
  readonly #timeoutMs: number
  readonly #headers: () => Readonly<Record<string, string>>

  /**
   * @param timeoutMs for each call or batch, from its sending to its last byte
   * @param headers beyond the content's type, asked for anew for each call or batch
   */
  constructor(
    url: string,
    timeoutMs: number,
    headers: () => Readonly<Record<string, string>> = () => ({}),
  ) {
    this.url = url
    this.#timeoutMs = timeoutMs
    this.#headers = headers
    this.#pool = new Pool(url, { connections, headersTimeout: 0, bodyTimeout: 0 })
  }

  /** @throws NodeRefusal, NodeSilence */
  async call(method: string, ...params: unknown[]): Promise<unknown> {
    return resultOf(method, await this.#post({ jsonrpc: '2.0', id: 1, method, params }))
  }

  /**
   * Sends several calls at once. The node may do them in any order.
   * @returns for each, in order, its result or its refusal
   * @throws NodeSilence when there is no answer at all
   */
  async batch(calls: readonly NodeCall[]): Promise<readonly unknown[]> {
    if (calls.length === 0) return []
    const replies = await this.#post(
      calls.map(([method, ...params], id) => ({ jsonrpc: '2.0', id, method, params })),
    )
    if (!Array.isArray(replies)) throw new NodeSilence(`${this.url}: the batch got no array`)
    const byId = new Map<unknown, unknown>(replies.map((reply) => [field(reply, 'id'), reply]))
    return calls.map(([method], id) => {
      try {
        return resultOf(method, byId.get(id))
      } catch (error) {
        if (error instanceof NodeRefusal) return error
        throw error
      }
    })
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  async #post(message: unknown): Promise<unknown> {
    try {
      const response = await this.#pool.request({
        method: 'POST',
        path: '/',
        headers: { 'content-type': 'application/json', ...this.#headers() },
        body: JSON.stringify(message),
        signal: AbortSignal.timeout(this.#timeoutMs),
      })
      return await response.body.json()
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new NodeSilence(`${this.url} gave no answer: ${why}`, { cause: error })
    }
  }
}

function resultOf(method: string, reply: unknown): unknown {
  const error = field(reply, 'error')
  if (error !== undefined) {
    throw new NodeRefusal(method, Number(field(error, 'code')), String(field(error, 'message')))
  }
  const result = field(reply, 'result')
  if (result === undefined) throw new NodeSilence(`${method}: the answer has no result`)
  return result
}

/** The member of an object, or undefined of anything else. */
export function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return (value as Record<string, unknown>)[name]
}
