import type { Message } from '../rpc/call.ts'
import { eachMember, type Reply } from '../rpc/reply.ts'
import type { ContractStats } from '../stats/contract-stats.ts'
import { numberOf } from '../upstream/block.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Journal } from './journal.ts'
import { replyTo } from './lookup.ts'
import { hashParam } from './params.ts'
import { isMissing } from './recall.ts'

/** Transactions whose gas is waited for; beyond, that of the oldest stays unknown. */
const maxWaiting = 10_000

/** How long a client has to ask for the receipt before the proxy does, and how often it looks. */
const patienceMs = 2_000
/** Receipts that the proxy asks for each time it looks: at most 32 a second, one after another. */
const maxAsked = 64
/** A node that takes longer for one may be asked again later. */
const askTimeoutMs = 2_000

/** What a receipt says of the cost. */
type Cost = { readonly gasUsed: number; readonly isReverted: boolean }

type Waiting = { readonly callee: string; readonly sinceMs: number }

export type GasWatchOptions = {
  readonly nowMs: () => number
  readonly contracts: ContractStats
}

/**
 * Learns what gas transactions to contracts used. The receipts that clients ask for are read as they
 * pass; those that nobody asked for within 2 s after a block took them are asked for.
 */
export class GasWatch {
  readonly #fleet: Fleet
  readonly #journal: Journal
  readonly #options: GasWatchOptions
  /** By hash, oldest first. */
  readonly #waiting = new Map<string, Waiting>()
  #timer: NodeJS.Timeout | null = null
  #looking: Promise<void> | null = null
  #isClosed = false

  constructor(fleet: Fleet, journal: Journal, options: GasWatchOptions) {
    this.#fleet = fleet
    this.#journal = journal
    this.#options = options
  }

  /** Transactions whose gas is not known yet. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** A transaction that calls so was accepted. */
  sent(hash: string, callee: string): void {
    if (this.#isClosed) return
    this.#waiting.set(hash, { callee, sinceMs: this.#options.nowMs() })
    if (this.#waiting.size > maxWaiting) {
      const [oldest] = this.#waiting.keys()
      if (oldest !== undefined) this.#waiting.delete(oldest)
    }
    this.#arm()
  }

  /** A node's answer to `eth_getTransactionReceipt` is on its way to a client. */
  saw(message: Message, reply: Reply): void {
    if (this.#waiting.size === 0 || isMissing(reply)) return
    const hash = hashParam(message)
    if (hash !== null) this.#learn(hash, reply)
  }

  /** Resolves when it does not look for any receipt. */
  async looked(): Promise<void> {
    await this.#looking
  }

  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    await this.looked()
  }

  /** False where the reply is none to learn from: it flows to the client and is not whole here. */
  #learn(hash: string, reply: Reply): boolean {
    const waiting = this.#waiting.get(hash)
    const cost = waiting === undefined ? null : costIn(reply)
    if (waiting === undefined || cost === null) return false
    this.#waiting.delete(hash)
    this.#options.contracts.mined(waiting.callee, cost.gasUsed, cost.isReverted)
    return true
  }

  #arm(): void {
    if (this.#timer !== null || this.#waiting.size === 0 || this.#isClosed) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.#looking = this.#look().finally(() => {
        this.#looking = null
        this.#arm()
      })
    }, patienceMs).unref()
  }

  async #look(): Promise<void> {
    const beforeMs = this.#options.nowMs() - patienceMs
    let asked = 0
    for (const [hash, { sinceMs }] of this.#waiting) {
      if (sinceMs > beforeMs || asked >= maxAsked || this.#isClosed) return
      const state = this.#journal.find(hash)?.state
      if (state === 'pending') continue
      if (state !== 'mined' || (await this.#ask(hash)) === 'unreadable') this.#waiting.delete(hash)
      if (state === 'mined') asked += 1
    }
  }

  async #ask(hash: string): Promise<'learnt' | 'missing' | 'unreadable'> {
    const deadlineMs = this.#options.nowMs() + askTimeoutMs
    for (const upstream of this.#fleet.view.readers) {
      const reply = await replyTo(upstream, 'eth_getTransactionReceipt', `["${hash}"]`, deadlineMs)
      if (this.#isClosed) return 'missing'
      if (reply === null || reply.kind === 'error' || isMissing(reply)) continue
      // A client's own may have passed meanwhile; then there is nothing left to learn.
      return this.#learn(hash, reply) || !this.#waiting.has(hash) ? 'learnt' : 'unreadable'
    }
    return 'missing'
  }
}

/** Read by position: a receipt may hold megabytes of logs. Null where it does not say. */
function costIn({ kind, body, start, end }: Reply): Cost | null {
  if (kind === 'error') return null
  let gasUsed: number | null = null
  let isReverted = false
  const isWhole = eachMember(body, start, end, (key, from, to) => {
    if (key === 'gasUsed') gasUsed = numberOf(body.toString('latin1', from + 1, to - 1))
    else if (key === 'status') isReverted = body.toString('latin1', from, to) === '"0x0"'
  })
  return isWhole && gasUsed !== null ? { gasUsed, isReverted } : null
}
