import type { Clock } from '../clock.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Fleet } from '../upstream/fleet.ts'
import { Feed, type Listener, type Sockets } from './feed.ts'
import { type Merge, PoolMerge, SyncingMerge } from './merge.ts'
import { MergedFeed } from './merged-feed.ts'
import { newStreamId } from './stream-id.ts'

/** Something that nodes tell, and any number of clients hear. */
export type RunningFeed = {
  readonly feed: { add(listener: Listener): void; remove(listener: Listener): void }
  /** What the nodes said to it. */
  readonly ready: Promise<Reply>
}

/**
 * What nodes themselves are subscribed to, each as long as somebody listens: transactions and
 * syncing at all nodes, told as one; what only one node can tell at that one.
 */
export class Feeds {
  readonly #fleet: Fleet
  readonly #sockets: Sockets
  readonly #clock: Clock
  readonly #running = new Map<string, RunningFeed>()

  constructor(fleet: Fleet, sockets: Sockets, clock: Clock) {
    this.#fleet = fleet
    this.#sockets = sockets
    this.#clock = clock
  }

  get size(): number {
    return this.#running.size
  }

  /** Transactions as they enter a node's pool: their hashes, or all of them. */
  pool(isWhole: boolean): RunningFeed {
    const params = isWhole ? '["newPendingTransactions",true]' : '["newPendingTransactions"]'
    return this.#merged(params, 'eth_newPendingTransactionFilter', () => new PoolMerge())
  }

  syncing(): RunningFeed {
    const up = () => this.#fleet.upstreams.filter(({ health }) => health === 'up').length
    return this.#merged('["syncing"]', null, () => new SyncingMerge(up))
  }

  /** @param isShared whether it is the same for everybody who asks with the same params */
  atOneNode(method: string, params: string, isShared: boolean): RunningFeed {
    const name = isShared ? `${method} ${params}` : `${method} ${newStreamId()}`
    return this.#of(name, (onEnd) => new Feed(method, params, this.#fleet, this.#sockets, onEnd))
  }

  #merged(params: string, poll: string | null, mergeOf: () => Merge): RunningFeed {
    const method = 'eth_subscribe'
    return this.#of(params, (onEnd) => {
      const [fleet, sockets, clock] = [this.#fleet, this.#sockets, this.#clock]
      return new MergedFeed(method, params, poll, fleet, sockets, clock, mergeOf(), onEnd)
    })
  }

  #of(name: string, begin: (onEnd: () => void) => Feed | MergedFeed): RunningFeed {
    const known = this.#running.get(name)
    if (known !== undefined) return known
    const feed = begin(() => this.#running.delete(name))
    const running = { feed, ready: feed.start() }
    // Whoever asked for it hears of a failure; nobody else needs to.
    running.ready.catch(() => {})
    this.#running.set(name, running)
    return running
  }
}
