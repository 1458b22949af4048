import type { Clock } from '../clock.ts'
import { ProxyError } from '../errors.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { Listener, Sockets } from './feed.ts'
import type { Merge } from './merge.ts'
import { NodeLink } from './node-link.ts'

/**
 * One subscription at every node, told as one to any number of listeners: what any node tells is
 * told once, and a node that dies takes nothing with it that another has. Nodes that come while it
 * runs are subscribed to as well.
 */
export class MergedFeed {
  readonly #links = new Map<Upstream, NodeLink>()
  readonly #linkTo: (upstream: Upstream) => NodeLink
  readonly #merge: Merge
  readonly #onEnd: () => void
  readonly #listeners = new Set<Listener>()
  readonly #unwatch: () => void
  #ended = false

  /**
   * @param poll the method that makes a filter of the same at a node without WebSocket, or null
   * @param merge makes one telling of all
   * @param onEnd the last listener left, or no node takes it: the feed must be forgotten
   */
  constructor(
    method: string,
    params: string,
    poll: string | null,
    fleet: Fleet,
    sockets: Sockets,
    clock: Clock,
    merge: Merge,
    onEnd: () => void,
  ) {
    this.#merge = merge
    this.#onEnd = onEnd
    this.#linkTo = (upstream) => {
      const next = (result: Buffer): void => this.#hear(upstream, result)
      const link = new NodeLink(upstream, sockets(upstream), method, params, poll, clock, next)
      this.#links.set(upstream, link)
      return link
    }
    for (const upstream of fleet.upstreams) this.#linkTo(upstream)
    this.#unwatch = fleet.watch({
      joined: (upstream) => {
        // Whatever comes of the first try, it is tried again.
        this.#linkTo(upstream)
          .start()
          .catch(() => {})
      },
      left: (upstream) => {
        this.#links.get(upstream)?.end()
        this.#links.delete(upstream)
        this.#merge.forget(upstream.id)
      },
    })
  }

  /**
   * Subscribes at all nodes; resolves with the first that takes it. An error answer of all ends it.
   * @throws UpstreamError when no node can be reached
   */
  async start(): Promise<Reply> {
    const first = Promise.withResolvers<Reply>()
    const tries = [...this.#links.values()].map((link) =>
      link.start().then((reply) => {
        if (reply.kind === 'result') first.resolve(reply)
        return reply
      }),
    )
    void Promise.allSettled(tries).then((outcomes) => {
      const answers = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      const [answer] = answers
      if (answers.some(({ kind }) => kind === 'result')) return
      this.#end()
      if (answer !== undefined) first.resolve(answer)
      else first.reject(reasonOf(outcomes) ?? new ProxyError('NO_UPSTREAM', 'no node is up'))
    })
    return await first.promise
  }

  add(listener: Listener): void {
    this.#listeners.add(listener)
  }

  /** The last one to leave ends the feed. */
  remove(listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size === 0) this.#end()
  }

  #hear({ id, health }: Upstream, result: Buffer): void {
    if (this.#ended || health === 'wrong-chain') return
    const told = this.#merge.take(id, result)
    if (told !== null) for (const listener of this.#listeners) listener.next(told)
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd()
    this.#unwatch()
    for (const link of this.#links.values()) link.end()
    this.#links.clear()
  }
}

function reasonOf(outcomes: readonly PromiseSettledResult<Reply>[]): unknown {
  for (const outcome of outcomes) if (outcome.status === 'rejected') return outcome.reason
  return null
}
