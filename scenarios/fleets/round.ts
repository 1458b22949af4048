import { setTimeout as pause } from 'node:timers/promises'
import type { SealedBlock } from './block.ts'

/** A transaction's hash and the transaction, signed. */
export type Signed = readonly [hash: string, raw: string]

/**
 * One block on its way to all nodes: what the sealing node made, what the others made of it, and
 * what is valid in the end.
 */
export class Round {
  /** As the sealing node made it at first. */
  readonly first: SealedBlock
  /** The block that is valid for all. */
  readonly final: Promise<SealedBlock>
  readonly #extras = new Map<string, string>()
  readonly #reported: Promise<void>
  readonly #allReported: () => void
  readonly #decide: (block: SealedBlock) => void
  readonly #outstanding: Set<string>

  /** @param followers ids of the nodes that will report */
  constructor(first: SealedBlock, followers: readonly string[]) {
    this.first = first
    this.#outstanding = new Set(followers)
    const final = Promise.withResolvers<SealedBlock>()
    this.final = final.promise
    this.#decide = final.resolve
    const reported = Promise.withResolvers<void>()
    this.#reported = reported.promise
    this.#allReported = reported.resolve
    if (followers.length === 0) reported.resolve()
  }

  /** A round that is over, for a node that comes later. */
  static of(block: SealedBlock): Round {
    const round = new Round(block, [])
    round.decide(block)
    return round
  }

  /** Transactions that some node's block holds beyond the first one, as far as reported. */
  get extras(): readonly Signed[] {
    return [...this.#extras]
  }

  /** A node has made its block, or never will. */
  report(id: string, extras: readonly Signed[]): void {
    for (const [hash, raw] of extras) this.#extras.set(hash, raw)
    this.#outstanding.delete(id)
    if (this.#outstanding.size === 0) this.#allReported()
  }

  /** Resolves when all nodes have reported, or after `ms`. */
  async reported(ms: number): Promise<void> {
    const giveUp = new AbortController()
    const late = pause(ms, undefined, { signal: giveUp.signal }).catch(() => {})
    await Promise.race([this.#reported, late])
    giveUp.abort()
  }

  decide(block: SealedBlock): void {
    this.#decide(block)
  }
}
