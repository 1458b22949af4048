import { join } from 'node:path'
import type { Clock } from '../clock.ts'
import type { Change } from '../consistency/chain.ts'
import type { Block } from '../upstream/block.ts'
import type { Fleet } from '../upstream/fleet.ts'
import { BlockReader, type Holders } from './block-reader.ts'
import { ChainStream } from './chain-stream.ts'
import type { Sockets } from './feed.ts'
import { Feeds } from './feeds.ts'
import { FilterStore } from './filter-store.ts'
import { FilterVerdict } from './filter-verdict.ts'
import { Filters } from './filters.ts'
import { Subscriptions } from './subscriptions.ts'

export type StreamsOptions = {
  /** Folder of the journal, in which filters get one of their own; null to keep them in memory. */
  readonly folder: string | null
  /** Told when a filter could not be written. */
  readonly onError: (error: unknown) => void
}

/** What is known of the chain that the fleet serves. */
export type Served = Holders & {
  onChange(listener: (change: Change) => void): unknown
  /** Told of each header that a node tells of itself, in the node's own bytes. */
  onHeader: ((block: Block, header: Buffer) => void) | null
}

/** All that clients are told over time: subscriptions and filters, and what fills them. */
export class Streams {
  readonly subscriptions: Subscriptions
  readonly filters: Filters
  readonly #chain: ChainStream
  readonly #reader: BlockReader
  readonly #options: StreamsOptions

  constructor(
    fleet: Fleet,
    served: Served,
    sockets: Sockets,
    clock: Clock,
    options: StreamsOptions,
  ) {
    this.#options = options
    this.#reader = new BlockReader(fleet, served, clock)
    this.#chain = new ChainStream(this.#reader, clock)
    served.onHeader = (block, header) => this.#reader.heard(block, header)
    served.onChange((change) => this.#chain.take(change))
    const feeds = new Feeds(fleet, sockets, clock)
    this.subscriptions = new Subscriptions(fleet, feeds, this.#chain)
    const verdict = new FilterVerdict(fleet, clock)
    this.filters = new Filters(fleet, this.#chain, feeds, verdict, clock)
  }

  /** Gaps that could not be closed, after which everybody was cut off. */
  get gaps(): number {
    return this.#chain.gaps
  }

  /**
   * Takes up the filters that an earlier run has left. Nodes' heads must be looked at before.
   * @throws JournalDamage when they cannot be trusted, or another process has them open
   */
  async open(): Promise<void> {
    const { folder, onError } = this.#options
    const store = folder === null ? null : await FilterStore.open(join(folder, 'filters'), onError)
    this.filters.open(store)
  }

  async close(): Promise<void> {
    await this.filters.close()
    await this.#chain.close()
  }
}
