import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import { stringAt } from '../rpc/call.ts'
import { code, skipSpace, skipValue } from '../rpc/json.ts'
import type { Reply } from '../rpc/reply.ts'
import type { NodeSocket } from '../upstream/node-socket.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { askNode } from './node-question.ts'

/** Between tries after a connection was lost: at first, and at most. */
const firstRetryMs = 250
const maxRetryMs = 10_000

/** A node that refused is asked again so seldom. */
const refusedRetryMs = 60_000

/** Between looks at the filter of a node without WebSocket, and how often it is tried again. */
const pollMs = 250
const pollsPerTry = 120

const timeoutMs = 2_000

/** One subscription at one node, begun anew whenever it is lost, until {@link end}. */
export class NodeLink {
  readonly #upstream: Upstream
  readonly #socket: NodeSocket
  readonly #method: string
  readonly #params: string
  readonly #poll: string | null
  readonly #clock: Clock
  readonly #next: (result: Buffer) => void
  readonly #over = new AbortController()
  #subscription: string | null = null

  /** @param poll the method that makes a filter of the same kind, or null */
  constructor(
    upstream: Upstream,
    socket: NodeSocket,
    method: string,
    params: string,
    poll: string | null,
    clock: Clock,
    next: (result: Buffer) => void,
  ) {
    this.#upstream = upstream
    this.#socket = socket
    this.#method = method
    this.#params = params
    this.#poll = poll
    this.#clock = clock
    this.#next = next
  }

  /**
   * Begins, and goes on in the background whatever came of the first try.
   * @throws UpstreamError when the node cannot be reached
   */
  async start(): Promise<Reply> {
    const first = Promise.withResolvers<Reply>()
    void this.#keep(first.resolve, first.reject)
    return await first.promise
  }

  end(): void {
    this.#over.abort()
    if (this.#subscription === null) return
    this.#socket.unsubscribe(
      this.#method.replace(/_subscribe$/, '_unsubscribe'),
      this.#subscription,
    )
    this.#subscription = null
  }

  /** Never rejects; what comes of the first try is told. */
  async #keep(onReply: (reply: Reply) => void, onError: (error: unknown) => void): Promise<void> {
    let waitMs = firstRetryMs
    while (!this.#isOver) {
      try {
        const { reply, lost } = await this.#subscribe()
        onReply(reply)
        if (reply.kind === 'result') await lost
        waitMs = reply.kind === 'result' ? firstRetryMs : refusedRetryMs
      } catch (error) {
        const filter = await this.#newFilter()
        if (filter === null) onError(error)
        else {
          onReply(filter)
          await this.#pollAll(filter)
        }
        waitMs = filter === null ? Math.min(maxRetryMs, 2 * waitMs) : firstRetryMs
      }
      await this.#pause(waitMs)
    }
  }

  async #subscribe(): Promise<{ reply: Reply; lost: Promise<void> }> {
    const { promise: lost, resolve } = Promise.withResolvers<void>()
    const reply = await this.#socket.request(this.#method, this.#params, {
      next: this.#next,
      lost: () => {
        this.#subscription = null
        resolve()
      },
    })
    if (reply.kind === 'error') return { reply, lost }
    this.#subscription = stringAt(reply.body, reply.start, reply.end)
    if (this.#isOver) {
      // Everybody left while it was on its way.
      this.end()
      resolve()
    }
    this.#over.signal.addEventListener('abort', () => resolve(), { once: true })
    return { reply, lost }
  }

  async #newFilter(): Promise<Reply | null> {
    if (this.#poll === null || this.#upstream.health !== 'up' || this.#isOver) return null
    // `["kind", …]` of a subscription is `[…]` of a filter.
    const params = this.#params.replace(/^\["[^"]*",?/, '[')
    const reply = await this.#ask(this.#poll, params)
    return reply?.kind === 'result' && reply.body[reply.start] === code.quote ? reply : null
  }

  /** Looks at the node's filter until it is gone, or it is time to try WebSocket again. */
  async #pollAll({ body, start, end }: Reply): Promise<void> {
    const params = `[${body.toString('latin1', start, end)}]`
    for (let i = 0; i < pollsPerTry && !this.#isOver; i += 1) {
      const changes = await this.#ask('eth_getFilterChanges', params)
      if (changes?.kind !== 'result') return
      for (const item of itemsOf(changes)) this.#next(item)
      await this.#pause(pollMs)
    }
    await this.#ask('eth_uninstallFilter', params)
  }

  #ask(method: string, params: string): Promise<Reply | null> {
    const deadlineMs = this.#clock.nowMs() + timeoutMs
    return askNode(this.#upstream, method, params, deadlineMs)
  }

  get #isOver(): boolean {
    return this.#over.signal.aborted
  }

  async #pause(ms: number): Promise<void> {
    await pause(ms, undefined, { ref: false, signal: this.#over.signal }).catch(() => {})
  }
}

function itemsOf({ body, start, end }: Reply): readonly Buffer[] {
  const items: Buffer[] = []
  let at = skipSpace(body, start, end)
  if (body[at] !== code.openArray) return items
  for (;;) {
    at = skipSpace(body, at + 1, end)
    const behind = skipValue(body, at, end)
    if (behind < 0) return items
    items.push(body.subarray(at, behind))
    at = skipSpace(body, behind, end)
    if (body[at] !== code.comma) return items
  }
}
