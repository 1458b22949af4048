import type { Clock } from '../clock.ts'
import { ProxyError } from '../errors.ts'
import type { Message } from '../rpc/call.ts'
import type { Reply } from '../rpc/reply.ts'
import { subscriptionId } from '../rpc/subscription-params.ts'
import type { Block } from '../upstream/block.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { ChainStream } from './chain-stream.ts'
import type { Feeds } from './feeds.ts'
import { Filter, type FilterKind } from './filter.ts'
import { argumentsOf, logsCall, notBool } from './filter-params.ts'
import type { FilterStore } from './filter-store.ts'
import type { FilterVerdict } from './filter-verdict.ts'
import { newStreamId } from './stream-id.ts'

export type FiltersOptions = {
  /** A filter that nobody looks at for so long is gone (go-ethereum/eth/filters, Config.Timeout). */
  readonly timeoutMs: number
  /** Geth has no bound; whoever needs more forgets to uninstall them. */
  readonly maxFilters: number
  /** A look at a filter waits so long for what is served already and not told yet. */
  readonly maxWaitMs: number
}

export const filtersDefaults: FiltersOptions = {
  timeoutMs: 300_000,
  maxFilters: 20_000,
  maxWaitMs: 2_000,
}

const sweepMs = 15_000

/** Why a filter is no more: nobody looked, its client ended it, or it could not be told of all. */
export type FilterEnd = 'expired' | 'uninstalled' | 'lost'

/** A log filter without events is noted this far apart, so that a restart need not go back further. */
const noteEveryBlocks = 64

/**
 * What came of a call about filters: an answer as a node would give it, a refusal of our own in
 * Geth's words, or a call of `eth_getLogs` that is to be answered in its place.
 */
export type FilterAnswer =
  | { readonly kind: 'reply'; readonly reply: Reply; readonly by: Upstream | null }
  | { readonly kind: 'refusal'; readonly code: number; readonly text: string }
  | { readonly kind: 'logs'; readonly call: Message }

/**
 * Every client's filters, whichever way it came: kept here, so that no node's death takes one with
 * it, and filled from the chain that the fleet serves and from all nodes' pools.
 */
export class Filters {
  readonly #fleet: Fleet
  readonly #chain: ChainStream
  readonly #feeds: Feeds
  readonly #verdict: FilterVerdict
  readonly #clock: Clock
  readonly #options: FiltersOptions
  readonly #filters = new Map<string, Filter>()
  readonly #ends = new Map<Filter, () => void>()
  readonly #ended = new Map<FilterEnd, number>([
    ['expired', 0],
    ['uninstalled', 0],
    ['lost', 0],
  ])
  #store: FilterStore | null = null
  #sweeper: NodeJS.Timeout | undefined

  constructor(
    fleet: Fleet,
    chain: ChainStream,
    feeds: Feeds,
    verdict: FilterVerdict,
    clock: Clock,
    options = filtersDefaults,
  ) {
    this.#fleet = fleet
    this.#chain = chain
    this.#feeds = feeds
    this.#verdict = verdict
    this.#clock = clock
    this.#options = options
  }

  get size(): number {
    return this.#filters.size
  }

  /** Filters there are, by kind. */
  get live(): ReadonlyMap<FilterKind['name'], number> {
    const live = new Map<FilterKind['name'], number>()
    for (const name of ['logs', 'blocks', 'transactions'] as const) live.set(name, 0)
    for (const { kind } of this.#filters.values())
      live.set(kind.name, (live.get(kind.name) ?? 0) + 1)
    return live
  }

  /** Filters that are no more, by reason. */
  get ended(): Iterable<readonly [FilterEnd, number]> {
    return this.#ended
  }

  /** Takes up the filters of an earlier run, and begins to let go of those that expire. */
  open(store: FilterStore | null): void {
    this.#store = store
    for (const { id, kind, position } of store?.filters ?? []) {
      // One that no node takes any more is dropped: its client sees that it is not found.
      this.#begin(this.#make(id, kind, position), position).catch(() => {})
    }
    this.#sweeper = setInterval(() => this.sweep(), sweepMs).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper)
    for (const end of this.#ends.values()) end()
    this.#ends.clear()
    this.#filters.clear()
    await this.#store?.close()
  }

  /** Lets go of filters that nobody has looked at for long. */
  sweep(): void {
    const leastMs = this.#clock.nowMs() - this.#options.timeoutMs
    for (const filter of this.#filters.values())
      if (filter.usedAtMs < leastMs) this.#drop(filter, 'expired')
  }

  /**
   * Carries out a call if it is about filters; null for every other one.
   * @throws ProxyError when no node is up, or there are too many filters
   */
  answer(message: Message): Promise<FilterAnswer> | null {
    switch (message.method) {
      case 'eth_newFilter':
        return this.#newLogFilter(message)
      case 'eth_newBlockFilter':
        return this.#newFilter(message, 0, { name: 'blocks' })
      case 'eth_newPendingTransactionFilter':
        return this.#newPoolFilter(message)
      case 'eth_getFilterChanges':
        return this.#changes(message)
      case 'eth_getFilterLogs':
        return this.#logs(message)
      case 'eth_uninstallFilter':
        return this.#uninstall(message)
      default:
        return null
    }
  }

  async #newLogFilter(message: Message): Promise<FilterAnswer> {
    const verdict = await this.#verdict.of(message)
    if (verdict.kind === 'reply') return verdict
    const { criteria, text } = verdict
    return await this.#newFilter(message, 1, { name: 'logs', criteria, text })
  }

  #newPoolFilter(message: Message): Promise<FilterAnswer> {
    const [arg = 'null'] = argumentsOf(message, 1) ?? []
    if (!['true', 'false', 'null'].includes(arg)) return refused(-32602, notBool(arg))
    return this.#newFilter(message, 1, { name: 'transactions', isWhole: arg === 'true' })
  }

  async #newFilter(message: Message, most: number, kind: FilterKind): Promise<FilterAnswer> {
    if (argumentsOf(message, most) === null) {
      return refused(-32602, `too many arguments, want at most ${most}`)
    }
    if (this.#fleet.view.readers.length === 0) throw new ProxyError('NO_UPSTREAM', 'no node is up')
    if (this.#filters.size >= this.#options.maxFilters) {
      throw new ProxyError('OVERLOADED', 'too many filters')
    }
    const filter = this.#make(newStreamId(), kind, this.#chain.served)
    const refusal = await this.#begin(filter, null)
    if (refusal !== null) return { kind: 'reply', reply: refusal, by: null }
    await this.#store?.opened(filter)
    return result(Buffer.from(`"${filter.id}"`))
  }

  async #changes(message: Message): Promise<FilterAnswer> {
    const filter = this.#find(message)
    if (!(filter instanceof Filter)) return filter
    filter.usedAtMs = this.#clock.nowMs()
    // Who was shown a block by another call finds its events here, as at one Geth.
    await this.#chain.caughtUp(this.#options.maxWaitMs)
    if (!this.#ends.has(filter)) return refused(-32000, 'filter not found')
    filter.usedAtMs = this.#clock.nowMs()
    const isEmpty = filter.size === 0
    const json = filter.take()
    if (!isEmpty) await this.#store?.delivered(filter)
    else if (this.#store?.isBehind(filter, noteEveryBlocks)) void this.#store.delivered(filter)
    return result(json)
  }

  #logs(message: Message): Promise<FilterAnswer> {
    const filter = this.#find(message)
    if (!(filter instanceof Filter)) return Promise.resolve(filter)
    if (filter.kind.name !== 'logs') return refused(-32000, 'filter not found')
    return Promise.resolve({ kind: 'logs', call: logsCall(message, filter.kind.text) })
  }

  #uninstall(message: Message): Promise<FilterAnswer> {
    const id = subscriptionId(message)
    if ('refusal' in id) return refused(-32602, id.refusal)
    const filter = this.#filters.get(id.name)
    if (filter !== undefined) this.#drop(filter, 'uninstalled')
    return Promise.resolve(result(filter === undefined ? no : yes))
  }

  #find(message: Message): Filter | FilterAnswer {
    const id = subscriptionId(message)
    if ('refusal' in id) return { kind: 'refusal', code: -32602, text: id.refusal }
    const filter = this.#filters.get(id.name)
    return filter ?? { kind: 'refusal', code: -32000, text: 'filter not found' }
  }

  #make(id: string, kind: FilterKind, position: Block | null): Filter {
    return new Filter(id, kind, position, this.#clock.nowMs(), (lost) => this.#drop(lost, 'lost'))
  }

  /** Lets it collect from now on, or from a block; what a node says against it, or null. */
  async #begin(filter: Filter, from: Block | null): Promise<Reply | null> {
    this.#filters.set(filter.id, filter)
    if (filter.kind.name !== 'transactions') {
      if (from === null) this.#chain.listen(filter)
      else this.#chain.join(filter, from)
      this.#ends.set(filter, () => this.#chain.forget(filter))
      return null
    }
    const { feed, ready } = this.#feeds.pool(filter.kind.isWhole)
    feed.add(filter)
    this.#ends.set(filter, () => feed.remove(filter))
    try {
      const reply = await ready
      if (reply.kind === 'error') this.#drop(filter, null)
      return reply.kind === 'error' ? reply : null
    } catch (error) {
      this.#drop(filter, null)
      throw error
    }
  }

  /** @param why null where it never began */
  #drop(filter: Filter, why: FilterEnd | null): void {
    if (why !== null && this.#filters.has(filter.id)) {
      this.#ended.set(why, (this.#ended.get(why) ?? 0) + 1)
    }
    this.#filters.delete(filter.id)
    this.#ends.get(filter)?.()
    this.#ends.delete(filter)
    this.#store?.gone(filter)
  }
}

const yes = Buffer.from('true')
const no = Buffer.from('false')

function result(json: Buffer): FilterAnswer {
  return {
    kind: 'reply',
    reply: { kind: 'result', body: json, start: 0, end: json.length },
    by: null,
  }
}

function refused(code: number, text: string): Promise<FilterAnswer> {
  return Promise.resolve({ kind: 'refusal', code, text })
}
