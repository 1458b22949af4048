import {
  type Accepted,
  acceptedOf,
  acceptedRecord,
  type BlockRef,
  becameRecord,
  type Entry,
  type EntryState,
  entryStates,
  type JournalRecord,
  journalRecord,
  KeptEntry,
} from './entry.ts'
import type { JournalFile } from './journal-file.ts'
import { JournalDamage } from './journal-lines.ts'
import { Senders } from './senders.ts'

/** Entries at most, mined and gone ones included: 0.7 kB each without the transaction's own bytes. */
export const maxEntries = 100_000

/** Bytes of the file above which it is written anew, when it is twice what it needs to hold. */
const compactAboveBytes = 16 * 2 ** 20

/**
 * Every raw transaction that the fleet accepted through the proxy, and what became of it. In memory,
 * and in a file where one is given; an entry is in the file before {@link accept} resolves.
 */
export class Journal {
  readonly #entries = new Map<string, Entry>()
  readonly #pending = new Set<Entry>()
  readonly #senders = new Senders()
  readonly #file: JournalFile | null
  readonly #onError: (error: unknown) => void
  readonly #maxEntries: number
  #bytesAfterCompaction = 0
  #isCompacting = false
  /** The file lacks something that could not be written. */
  #isBehind = false

  /**
   * @param records what the file held, in order
   * @param onError told when a record could not be written
   * @throws JournalDamage when a record is not what this program writes
   */
  constructor(
    file: JournalFile | null,
    records: readonly unknown[],
    onError: (error: unknown) => void,
    limit = maxEntries,
  ) {
    this.#file = file
    this.#onError = onError
    this.#maxEntries = limit
    records.forEach((record, i) => {
      this.#restore(record, i + 1)
    })
    this.#bytesAfterCompaction = file?.bytes ?? 0
  }

  get size(): number {
    return this.#entries.size
  }

  /** Whether the file lacks something, because the disk did not take it. */
  get isBehind(): boolean {
    return this.#isBehind
  }

  get pendingCount(): number {
    return this.#pending.size
  }

  /** Whether nothing more can be accepted: everything held is pending. */
  get isFull(): boolean {
    return this.#pending.size >= this.#maxEntries
  }

  /** How many entries are in each state. */
  countByState(): ReadonlyMap<EntryState, number> {
    const counts = new Map<EntryState, number>(entryStates.map((state) => [state, 0]))
    for (const { state } of this.#entries.values()) counts.set(state, (counts.get(state) ?? 0) + 1)
    return counts
  }

  /** Whether what nobody was promised may be taken in as well. */
  get hasRoom(): boolean {
    return this.#pending.size < this.#maxEntries / 2
  }

  /** Entries still to be mined, oldest first. */
  pending(): Iterable<Entry> {
    return this.#pending
  }

  /** All entries, oldest first. */
  entries(): Iterable<Entry> {
    return this.#entries.values()
  }

  find(hash: string): Entry | null {
    return this.#entries.get(hash) ?? null
  }

  /** {@link Senders.nextNonce} */
  nextNonce(sender: string, ofNode: bigint): bigint {
    return this.#senders.nextNonce(sender, ofNode)
  }

  /** {@link Senders.lastPending} */
  lastPending(sender: string): Entry | null {
    return this.#senders.lastPending(sender)
  }

  /**
   * A node accepted the transaction. Resolves once that is on the disk; it counts at once. Where the
   * disk takes nothing it counts all the same, as in Geth: nobody can take it back from the node. The
   * file is then written anew as soon as that is possible, with all that it lacks.
   * @returns false when it was known already and nothing was done
   */
  async accept(transaction: Accepted): Promise<boolean> {
    const known = this.#entries.get(transaction.hash)
    if (known !== undefined && known.state !== 'dropped') return false
    if (known !== undefined) this.#forget(known)
    const entry = this.#add(transaction, 0)
    await this.#keep(acceptedRecord(entry)).catch(this.#onError)
    return true
  }

  /** A canonical block holds these transactions; rivals of ours among them are replaced. */
  mined(
    block: BlockRef,
    transactions: Iterable<{ hash: string; sender: string; nonce: bigint }>,
  ): void {
    for (const { hash, sender, nonce } of transactions) {
      for (const rival of this.#senders.rivals(sender, nonce)) {
        if (rival.hash === hash) this.#become(rival, 'mined', block, null)
        else if (rival.state !== 'dropped') this.#become(rival, 'replaced', block, hash)
      }
    }
  }

  /**
   * A block left the canonical chain: what it settled is open again, or gone for good where a reason
   * is given.
   */
  orphaned(blockHash: string, reason: string | null = null): void {
    const state = reason === null ? 'pending' : 'dropped'
    for (const entry of this.#entries.values()) {
      if (entry.block?.hash === blockHash) this.#become(entry, state, null, reason)
    }
  }

  /** No node will ever take it. `reason` is the node's. */
  drop(entry: Entry, reason: string): void {
    this.#become(entry, 'dropped', null, reason)
  }

  /** Tries again to write what the disk did not take. */
  mend(): void {
    if (this.#file !== null && this.#isBehind) this.#compactIfDue(this.#file)
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    await this.#file?.close()
  }

  #restore(record: unknown, line: number): void {
    const { data } = journalRecord.safeParse(record)
    if (data === undefined) throw new JournalDamage(`record ${line} is of an unknown kind`)
    if (data.kind === 'accepted') {
      const known = this.#entries.get(data.hash)
      if (known !== undefined) this.#forget(known)
      this.#add(acceptedOf(data), data.offers)
      return
    }
    const entry = this.#entries.get(data.hash)
    // Its entry may have been let go for room: then nothing is to be said of it any more.
    if (entry !== undefined) this.#move(entry, data.state, data.block, data.reason)
  }

  #add(accepted: Accepted, offers: number): Entry {
    this.#makeRoom()
    // Those of one sender share its name.
    const sender = this.#senders.nameOf(accepted.sender)
    const entry = new KeptEntry({ ...accepted, sender }, offers)
    this.#entries.set(entry.hash, entry)
    this.#pending.add(entry)
    this.#senders.add(entry)
    return entry
  }

  #become(entry: Entry, state: EntryState, block: BlockRef | null, reason: string | null): void {
    if (entry.state === state && entry.block?.hash === block?.hash) return
    this.#move(entry, state, block, reason)
    this.#keep(becameRecord(entry)).catch(this.#onError)
  }

  #move(entry: Entry, state: EntryState, block: BlockRef | null, reason: string | null): void {
    entry.state = state
    entry.block = block
    entry.reason = reason
    if (state === 'pending') this.#pending.add(entry)
    else this.#pending.delete(entry)
  }

  #forget(entry: Entry): void {
    this.#entries.delete(entry.hash)
    this.#pending.delete(entry)
    this.#senders.remove(entry)
  }

  /** Lets the oldest settled entry go when there is no room. */
  #makeRoom(): void {
    if (this.#entries.size < this.#maxEntries) return
    for (const entry of this.#entries.values()) {
      if (entry.state === 'pending') continue
      this.#forget(entry)
      return
    }
  }

  async #keep(record: JournalRecord): Promise<void> {
    if (this.#file === null) return
    try {
      await this.#file.append(record)
    } catch (error) {
      this.#isBehind = true
      throw error
    }
    this.#compactIfDue(this.#file)
  }

  #compactIfDue(file: JournalFile): void {
    const due = Math.max(compactAboveBytes, 2 * this.#bytesAfterCompaction)
    if (this.#isCompacting || (file.bytes < due && !this.#isBehind)) return
    this.#isCompacting = true
    this.#isBehind = false
    file
      .compact(this.#snapshot())
      .catch((error: unknown) => {
        this.#isBehind = true
        throw error
      })
      .catch(this.#onError)
      .finally(() => {
        this.#isCompacting = false
        this.#bytesAfterCompaction = file.bytes
      })
  }

  *#snapshot(): Generator<JournalRecord> {
    for (const entry of this.#entries.values()) {
      yield acceptedRecord(entry)
      if (entry.state !== 'pending') yield becameRecord(entry)
    }
  }
}
