import { parseNodeError } from '../rpc/node-error.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { type Outcome, offer, sendRequest } from './broadcast.ts'
import { isDevelopment } from './development.ts'
import type { BlockRef, Entry } from './entry.ts'
import type { Journal } from './journal.ts'
import { foundOn } from './lookup.ts'

/** Constants of {@link Offers}, milliseconds unless said. */
export type OffersOptions = {
  /** A pending transaction is offered again after so long, then after twice that, and so on. */
  readonly firstAfterMs: number
  readonly atMostEveryMs: number
  /** What no node has taken for so long is dropped: Geth's pool forgets after as long. */
  readonly giveUpAfterMs: number
  /** How often it is looked whose turn it is. */
  readonly tickMs: number
  /** Transactions offered in one tick. */
  readonly perTick: number
  readonly timeoutMs: number
  readonly nowMs: () => number
  readonly wallMs: () => number
}

export const offersDefaults = {
  firstAfterMs: 4_000,
  atMostEveryMs: 60_000,
  giveUpAfterMs: 3 * 3_600_000, // go-ethereum core/txpool/legacypool, DefaultConfig.Lifetime
  tickMs: 1_000,
  perTick: 200,
  timeoutMs: 10_000,
} as const satisfies Partial<OffersOptions>

/** Offers under way at a time. */
const atOnce = 16

/** When an entry is offered next. */
type Plan = { dueMs: number; delayMs: number }

/** One entry that is offered now. */
type Turn = { readonly entry: Entry; readonly among: readonly Upstream[]; readonly isDue: boolean }

/**
 * Offers what was accepted to the fleet again, until a block holds it, another took its place, or no
 * node will ever take it. A node that comes back with an empty pool is given all that is pending.
 */
export class Offers {
  readonly #fleet: Fleet
  readonly #journal: Journal
  readonly #options: OffersOptions
  readonly #plans = new WeakMap<Entry, Plan>()
  /** Nodes that took calls when it was last looked. */
  #known = new Set<Upstream>()
  /** Nodes that came back, and what they were not given yet. */
  readonly #owed = new Map<Upstream, Entry[]>()
  #timer: NodeJS.Timeout | null = null
  #ticking: Promise<void> = Promise.resolve()
  #isBusy = false
  /** Transactions offered again so far; each is counted once for all nodes. */
  offered = 0

  constructor(fleet: Fleet, journal: Journal, options: OffersOptions) {
    this.#fleet = fleet
    this.#journal = journal
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => {
      if (!this.#isBusy) this.#ticking = this.tick()
    }, this.#options.tickMs)
    this.#timer.unref()
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    await this.#ticking
  }

  /** Offers whatever is due now. Never throws. */
  async tick(): Promise<void> {
    this.#isBusy = true
    this.#journal.mend()
    try {
      if (isDevelopment(this.#fleet)) return
      this.#greet()
      const turns = this.#turns()
      // A node that is silent holds up those few that wait for it, not all.
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          for (const { entry, among, isDue } of turns) await this.#offer(entry, among, isDue)
        }),
      )
    } finally {
      this.#isBusy = false
    }
  }

  /** Who has come back is owed all that is pending now. */
  #greet(): void {
    const { readers } = this.#fleet.view
    for (const upstream of readers) {
      if (!this.#known.has(upstream)) this.#owed.set(upstream, [...this.#journal.pending()])
    }
    this.#known = new Set(readers)
    for (const upstream of this.#owed.keys()) {
      if (!this.#known.has(upstream)) this.#owed.delete(upstream)
    }
  }

  /** What is to be offered in this tick, and to whom. */
  *#turns(): Generator<Turn> {
    let left = this.#options.perTick
    for (const entry of this.#journal.pending()) {
      if (left === 0 || this.#fleet.view.readers.length === 0) return
      if (!this.#isDue(entry)) continue
      left -= 1
      yield { entry, among: this.#fleet.view.readers, isDue: true }
    }
    for (const [upstream, entries] of this.#owed) {
      const given = entries.splice(0, left)
      if (entries.length === 0) this.#owed.delete(upstream)
      left -= given.length
      for (const entry of given) {
        if (entry.state === 'pending') yield { entry, among: [upstream], isDue: false }
      }
    }
  }

  #isDue(entry: Entry): boolean {
    const nowMs = this.#options.nowMs()
    const plan = this.#plans.get(entry)
    if (plan === undefined) {
      const delayMs = this.#options.firstAfterMs
      this.#plans.set(entry, { dueMs: nowMs + delayMs, delayMs })
      return false
    }
    if (nowMs < plan.dueMs) return false
    plan.delayMs = Math.min(2 * plan.delayMs, this.#options.atMostEveryMs)
    plan.dueMs = nowMs + plan.delayMs
    return true
  }

  async #offer(entry: Entry, among: readonly Upstream[], isDue: boolean): Promise<void> {
    const request = sendRequest(entry.raw)
    const deadlineMs = this.#options.nowMs() + this.#options.timeoutMs
    // Known by its hash, it may be given up where the node is found dead: it is offered again.
    const outcomes = await Promise.all(
      among.map((upstream) => offer(upstream, request, deadlineMs, true)),
    )
    if (entry.state !== 'pending') return
    entry.offers += 1
    this.offered += 1
    if (outcomes.some(({ kind }) => kind === 'accepted' || kind === 'known')) return
    // A node that has just come back may know less than the others: it alone decides nothing.
    if (isDue) await this.#settle(entry, outcomes, deadlineMs)
  }

  /** No node has it in its pool: it is in a block, or it is not going to be. */
  async #settle(entry: Entry, outcomes: readonly Outcome[], deadlineMs: number): Promise<void> {
    const refusals = outcomes.filter((outcome) => 'reply' in outcome)
    if (refusals.length === 0) return
    if (refusals.some(({ kind }) => kind === 'spent')) {
      const block = await this.#blockOf(entry.hash, deadlineMs)
      if (entry.state !== 'pending' || block === 'pooled') return
      if (block !== null) this.#journal.mined(block, [entry])
      // One node's word is not enough: a pool that has it still would have said so.
      else if (refusals.every(({ kind }) => kind === 'spent')) {
        this.#journal.drop(entry, 'its nonce was used by another transaction')
      }
      return
    }
    const [first] = refusals
    const isFinal = refusals.every(({ kind }) => kind === 'final')
    const isOld = this.#options.wallMs() - entry.acceptedMs > this.#options.giveUpAfterMs
    if (first === undefined || !(isFinal || isOld)) return
    this.#journal.drop(entry, parseNodeError(first.reply)?.message || 'refused')
  }

  /** The block that a node says holds it; `pooled` where one has it in its pool; null where none has. */
  async #blockOf(hash: string, deadlineMs: number): Promise<BlockRef | 'pooled' | null> {
    let isPooled = false
    for (const upstream of this.#fleet.view.readers) {
      const found = await foundOn(upstream, hash, deadlineMs)
      if (found === null) continue
      if (found.block !== null) return found.block
      isPooled = true
    }
    return isPooled ? 'pooled' : null
  }
}
