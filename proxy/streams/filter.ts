import type { Block } from '../upstream/block.ts'
import { type Criteria, matches } from './criteria.ts'
import type { Ear, Told } from './ear.ts'
import type { Listener } from './feed.ts'

/** What a filter collects. `text` is the JSON of the criteria as the client wrote it. */
export type FilterKind =
  | { readonly name: 'blocks' }
  | { readonly name: 'logs'; readonly criteria: Criteria; readonly text: string }
  | { readonly name: 'transactions'; readonly isWhole: boolean }

/** Bounds of what one filter keeps for a client that does not fetch it. */
const maxItems = 50_000
const maxBytes = 33_554_432

/**
 * What one client has asked to be told when it looks: kept from one look to the next. Past its
 * bounds it is dropped like one that expired: fewer events than there were would look like all.
 */
export class Filter implements Ear, Listener {
  readonly id: string
  readonly kind: FilterKind
  readonly needs: Ear['needs']
  readonly #onLost: (filter: Filter) => void
  #items: Buffer[] = []
  #bytes = 0
  /** The block up to which it was told; what the client has fetched reaches up to here. */
  position: Block | null
  /** Of the proxy's clock. */
  usedAtMs: number

  /** @param onLost it missed something, or keeps too much: it must be forgotten */
  constructor(
    id: string,
    kind: FilterKind,
    position: Block | null,
    usedAtMs: number,
    onLost: (filter: Filter) => void,
  ) {
    this.id = id
    this.kind = kind
    this.needs = kind.name === 'logs' ? 'logs' : 'nothing'
    this.position = position
    this.usedAtMs = usedAtMs
    this.#onLost = onLost
  }

  get size(): number {
    return this.#items.length
  }

  /** All that came since the last time, as a JSON array. */
  take(): Buffer {
    const items = this.#items
    this.#items = []
    this.#bytes = 0
    if (items.length === 0) return nothing
    const parts: Buffer[] = []
    for (const item of items) parts.push(parts.length === 0 ? open : comma, item)
    parts.push(close)
    return Buffer.concat(parts)
  }

  added({ block, logs }: Told): void {
    this.position = block
    if (this.kind.name === 'blocks') this.next(Buffer.from(`"${block.hash}"`))
    else this.#keepLogs(block, logs)
  }

  removed(told: readonly Told[], ancestor: Block, head: Told | null): void {
    this.position = ancestor
    for (const { block, logs } of told) this.#keepLogs(block, logs)
    if (head !== null && this.kind.name === 'blocks') this.next(Buffer.from(`"${ancestor.hash}"`))
  }

  next(item: Buffer): void {
    this.#items.push(item)
    this.#bytes += item.length
    if (this.#items.length > maxItems || this.#bytes > maxBytes) this.lost()
  }

  lost(): void {
    this.#items = []
    this.#onLost(this)
  }

  #keepLogs({ number }: Block, logs: Told['logs']): void {
    if (this.kind.name !== 'logs') return
    for (const log of logs) if (matches(this.kind.criteria, log, number)) this.next(log.bytes)
  }
}

const nothing = Buffer.from('[]')
const open = Buffer.from('[')
const comma = Buffer.from(',')
const close = Buffer.from(']')
