import { setTimeout as pause } from 'node:timers/promises'
import { ProxyError } from '../errors.ts'
import { stringAt } from '../rpc/call.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { NodeSocket } from '../upstream/node-socket.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** Who hears of a subscription. */
export type Listener = {
  /** Told of each notification's `result`, as the node wrote it. */
  next(result: Buffer): void
  /** No node takes the subscription any more; nothing follows. */
  lost(): void
}

/** Where a feed finds the shared connection of a node. */
export type Sockets = (upstream: Upstream) => NodeSocket

/** Between two tries to subscribe anew after a node was lost. */
const retryMs = 250

/**
 * One subscription at one node, for any number of listeners. When that node is lost it subscribes
 * at another one. What happened between the two is not made good: a listener misses it.
 */
export class Feed {
  readonly #method: string
  readonly #params: string
  readonly #fleet: Fleet
  readonly #sockets: Sockets
  readonly #onEnd: () => void
  readonly #listeners = new Set<Listener>()
  #at: { readonly socket: NodeSocket; readonly subscription: string } | null = null
  #ended = false

  /** @param onEnd the last listener left, or no node took it: the feed must be forgotten */
  constructor(method: string, params: string, fleet: Fleet, sockets: Sockets, onEnd: () => void) {
    this.#method = method
    this.#params = params
    this.#fleet = fleet
    this.#sockets = sockets
    this.#onEnd = onEnd
  }

  /**
   * Subscribes. An error answer of the node ends the feed.
   * @throws UpstreamError when no node can be reached
   */
  async start(): Promise<Reply> {
    try {
      const reply = await this.#subscribe()
      if (reply.kind === 'error') this.#end()
      return reply
    } catch (error) {
      this.#end()
      throw error
    }
  }

  add(listener: Listener): void {
    this.#listeners.add(listener)
  }

  /** The last one to leave ends the feed. */
  remove(listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size === 0) this.#end()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    if (this.#at !== null) this.#at.socket.unsubscribe(this.#unsubscribe, this.#at.subscription)
  }

  async #subscribe(): Promise<Reply> {
    const { writer, readers } = this.#fleet.view
    const others = readers.filter((reader) => reader !== writer)
    let lastError: unknown = new ProxyError('NO_UPSTREAM', 'no node is up')
    for (const upstream of writer === null ? others : [writer, ...others]) {
      try {
        return await this.#subscribeAt(this.#sockets(upstream))
      } catch (error) {
        lastError = error
      }
    }
    throw lastError
  }

  async #subscribeAt(socket: NodeSocket): Promise<Reply> {
    const reply = await socket.request(this.#method, this.#params, {
      next: (result) => {
        for (const listener of this.#listeners) listener.next(result)
      },
      lost: () => {
        this.#at = null
        if (!this.#ended) void this.#resume()
      },
    })
    if (reply.kind === 'error') return reply
    const subscription = stringAt(reply.body, reply.start, reply.end)
    // Everybody may have left while it was on its way.
    if (this.#ended) socket.unsubscribe(this.#unsubscribe, subscription)
    else this.#at = { socket, subscription }
    return reply
  }

  /** Subscribes anew until it works or nobody listens any more. */
  async #resume(): Promise<void> {
    while (!this.#ended) {
      try {
        const reply = await this.#subscribe()
        if (reply.kind === 'error') this.#lose()
        return
      } catch {
        // No node can be reached now. The clients stay; the next try may find one.
        await pause(retryMs, undefined, { ref: false })
      }
    }
  }

  #lose(): void {
    this.#end()
    for (const listener of this.#listeners) listener.lost()
  }

  get #unsubscribe(): string {
    return this.#method.replace(/_subscribe$/, '_unsubscribe')
  }
}
