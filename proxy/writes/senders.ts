import type { Entry } from './entry.ts'

/** What one account sent. A nonce has nearly always one entry, which then stands for itself. */
type Account = {
  readonly name: string
  readonly nonces: Map<bigint, Entry | readonly Entry[]>
  /** Who was added last, or null when that is gone. */
  last: Entry | null
}

/** Entries by sender and nonce: who sent what, and which nonce comes next. */
export class Senders {
  readonly #accounts = new Map<string, Account>()

  /** The same text, the one that is kept already where the sender is known. */
  nameOf(sender: string): string {
    return this.#accounts.get(sender)?.name ?? sender
  }

  add(entry: Entry): void {
    const { sender: name, nonce } = entry
    const account = this.#accounts.get(name) ?? { name, nonces: new Map(), last: null }
    this.#accounts.set(name, account)
    account.last = entry
    const same = this.rivals(name, nonce)
    account.nonces.set(nonce, same.length === 0 ? entry : [...same, entry])
  }

  remove(entry: Entry): void {
    const { sender, nonce } = entry
    const account = this.#accounts.get(sender)
    if (account === undefined) return
    if (account.last === entry) account.last = null
    const same = this.rivals(sender, nonce)
    const rest = same.filter((other) => other !== entry)
    if (rest.length === 0) account.nonces.delete(nonce)
    else account.nonces.set(nonce, rest)
    if (account.nonces.size === 0) this.#accounts.delete(sender)
  }

  /** All entries of one sender with one nonce: at most one of them can ever be mined. */
  rivals(sender: string, nonce: bigint): readonly Entry[] {
    const same = this.#accounts.get(sender)?.nonces.get(nonce)
    if (same === undefined) return none
    return isList(same) ? same : [same]
  }

  /** The entry that was accepted last of a sender while it is pending, or null. */
  lastPending(sender: string): Entry | null {
    const last = this.#accounts.get(sender)?.last ?? null
    return last?.state === 'pending' ? last : null
  }

  /**
   * The nonce that comes after what was accepted here, beginning with what a node says of its pool:
   * a gap ends the count, as it does in the pool.
   */
  nextNonce(sender: string, ofNode: bigint): bigint {
    let next = ofNode
    while (
      this.rivals(sender, next).some(({ state }) => state === 'pending' || state === 'mined')
    ) {
      next += 1n
    }
    return next
  }
}

const none: readonly Entry[] = []

function isList(same: Entry | readonly Entry[]): same is readonly Entry[] {
  return Array.isArray(same)
}
