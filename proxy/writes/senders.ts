import type { Entry } from './entry.ts'

/** Entries by sender and nonce: who sent what, and which nonce comes next. */
export class Senders {
  readonly #bySender = new Map<string, Map<bigint, Entry[]>>()
  /** Who was added last, of each sender. */
  readonly #last = new Map<string, Entry>()

  add(entry: Entry): void {
    this.#last.set(entry.sender, entry)
    const nonces = this.#bySender.get(entry.sender) ?? new Map<bigint, Entry[]>()
    this.#bySender.set(entry.sender, nonces)
    const same = nonces.get(entry.nonce)
    if (same === undefined) nonces.set(entry.nonce, [entry])
    else same.push(entry)
  }

  remove(entry: Entry): void {
    if (this.#last.get(entry.sender) === entry) this.#last.delete(entry.sender)
    const nonces = this.#bySender.get(entry.sender)
    const same = nonces?.get(entry.nonce)
    if (nonces === undefined || same === undefined) return
    const rest = same.filter((other) => other !== entry)
    if (rest.length > 0) nonces.set(entry.nonce, rest)
    else nonces.delete(entry.nonce)
    if (nonces.size === 0) this.#bySender.delete(entry.sender)
  }

  /** All entries of one sender with one nonce: at most one of them can ever be mined. */
  rivals(sender: string, nonce: bigint): readonly Entry[] {
    return this.#bySender.get(sender)?.get(nonce) ?? []
  }

  /** The entry that was accepted last of a sender while it is pending, or null. */
  lastPending(sender: string): Entry | null {
    const last = this.#last.get(sender)
    return last?.state === 'pending' ? last : null
  }

  /**
   * The nonce that comes after what was accepted here, beginning with what a node says of its pool:
   * a gap ends the count, as it does in the pool.
   */
  nextNonce(sender: string, ofNode: bigint): bigint {
    const nonces = this.#bySender.get(sender)
    if (nonces === undefined) return ofNode
    let next = ofNode
    while (nonces.get(next)?.some(({ state }) => state === 'pending' || state === 'mined'))
      next += 1n
    return next
  }
}
