type Known = { readonly raw: string; readonly sinceBlock: number; refusals: number }

/** Bounds: transactions waiting, characters of them, and how long a mined one is remembered. */
const maxWaiting = 50_000
const maxWaitingLength = 128 * 1024 * 1024
const maxMined = 50_000

/** One that no block has taken for so long stays in the nodes' pools, and is no longer our matter. */
const forgottenAfterBlocks = 256
const forgottenAfterRefusals = 30
const pastBlocks = 2

/**
 * The signed transactions that some node has taken and no block holds yet, in order of arrival, and
 * the hashes of those mined lately, so that a late notice of one does not bring it back.
 */
export class KnownTransactions {
  readonly #waiting = new Map<string, Known>()
  /** Hash to the block that holds it. */
  readonly #mined = new Map<string, number>()
  #lastBlock = 0
  #length = 0

  has(hash: string): boolean {
    return this.#waiting.has(hash) || this.#mined.has(hash)
  }

  /** Whether a block holds it that has others on top, by now a matter of the past. */
  isPast(hash: string): boolean {
    return (this.#mined.get(hash) ?? Number.POSITIVE_INFINITY) <= this.#lastBlock - pastBlocks
  }

  /** The signed transaction while it waits. */
  raw(hash: string): string | undefined {
    return this.#waiting.get(hash)?.raw
  }

  /** @returns false when it was known or there is no room */
  add(hash: string, raw: string, atBlock: number): boolean {
    if (this.has(hash)) return false
    if (this.#waiting.size >= maxWaiting || this.#length + raw.length > maxWaitingLength) {
      return false
    }
    this.#waiting.set(hash, { raw, sinceBlock: atBlock, refusals: 0 })
    this.#length += raw.length
    return true
  }

  /** All that wait, first come first. */
  waiting(): IterableIterator<string> {
    return this.#waiting.keys()
  }

  /** Those that wait since before `block`, first come first. */
  waitingSince(block: number): readonly string[] {
    return [...this.#waiting].flatMap(([hash, { sinceBlock }]) =>
      sinceBlock < block ? [hash] : [],
    )
  }

  /** A node did not take it; one that is refused over and over is let go. */
  refused(hash: string): void {
    const known = this.#waiting.get(hash)
    if (known === undefined) return
    known.refusals += 1
    if (known.refusals >= forgottenAfterRefusals) this.#drop(hash)
  }

  /** A block holds these now. */
  settle(block: number, hashes: readonly string[]): void {
    for (const hash of hashes) {
      this.#drop(hash)
      this.#mined.set(hash, block)
    }
    this.#lastBlock = block
    for (const hash of this.#mined.keys()) {
      if (this.#mined.size <= maxMined) break
      this.#mined.delete(hash)
    }
    for (const hash of this.waitingSince(block - forgottenAfterBlocks)) this.#drop(hash)
  }

  #drop(hash: string): void {
    this.#length -= this.#waiting.get(hash)?.raw.length ?? 0
    this.#waiting.delete(hash)
  }
}
