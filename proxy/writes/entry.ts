import { z } from 'zod'

/**
 * What has become of an accepted transaction: `pending` until a block of the canonical chain holds
 * it (`mined`) or another one with its sender and nonce (`replaced`), or every node refuses it for
 * good (`dropped`). A reorganisation makes mined and replaced ones pending again.
 */
export const entryStates = ['pending', 'mined', 'replaced', 'dropped'] as const

export type EntryState = (typeof entryStates)[number]

/** A block as the journal names it. */
export type BlockRef = { readonly number: number; readonly hash: string }

/** One accepted transaction. Hex is lower case with `0x`. Written by the journal alone. */
export type Entry = {
  readonly hash: string
  readonly sender: string
  readonly nonce: bigint
  /** Null for one that creates a contract. */
  readonly to: string | null
  /** The bytes as they were sent; what is offered again. */
  readonly raw: Buffer
  /** When it was accepted: milliseconds since 1970. */
  readonly acceptedMs: number
  /** The node that accepted it first. */
  readonly node: string
  state: EntryState
  /** The block that holds it, or the one that took its nonce; null while there is none. */
  block: BlockRef | null
  /** Why it was dropped, in the node's words, or the hash that replaced it. */
  reason: string | null
  /** Times it was offered to the fleet again. */
  offers: number
}

/**
 * An entry as the journal keeps it, by the hundred thousand: a buffer of its own costs three times
 * the bytes that it holds, and one of Node's pool keeps 8 kB of other things alive with it.
 */
export class KeptEntry implements Entry {
  readonly hash: string
  readonly sender: string
  readonly nonce: bigint
  readonly to: string | null
  readonly acceptedMs: number
  readonly node: string
  state: EntryState = 'pending'
  block: BlockRef | null = null
  reason: string | null = null
  offers: number
  /** A character a byte. */
  readonly #bytes: string

  constructor(from: Accepted, offers = 0) {
    this.hash = from.hash
    this.sender = from.sender
    this.nonce = from.nonce
    this.to = from.to
    this.acceptedMs = from.acceptedMs
    this.node = from.node
    this.offers = offers
    this.#bytes = from.raw.toString('latin1')
  }

  get raw(): Buffer {
    return Buffer.from(this.#bytes, 'latin1')
  }
}

/** What is known of a transaction when it is accepted. */
export type Accepted = Pick<
  Entry,
  'hash' | 'sender' | 'nonce' | 'to' | 'raw' | 'acceptedMs' | 'node'
>

const hash = z.string().regex(/^0x[0-9a-f]{64}$/)
const address = z.string().regex(/^0x[0-9a-f]{40}$/)
const block = z.object({ number: z.number().int().nonnegative(), hash }).readonly()

const accepted = z.object({
  kind: z.literal('accepted'),
  hash,
  sender: address,
  nonce: z.string().regex(/^\d{1,20}$/),
  to: address.nullable(),
  raw: z.string().regex(/^(?:[0-9a-f]{2})+$/),
  acceptedMs: z.number().nonnegative(),
  node: z.string(),
  offers: z.number().int().nonnegative(),
})

const became = z.object({
  kind: z.literal('became'),
  hash,
  state: z.enum(entryStates),
  block: block.nullable(),
  reason: z.string().nullable(),
})

/** One line of the journal's file: a transaction was accepted, or became something else. */
export const journalRecord = z.discriminatedUnion('kind', [accepted, became])

export type JournalRecord = z.infer<typeof journalRecord>

/** The record that brings the entry back as it was when it was accepted. */
export function acceptedRecord(entry: Entry): JournalRecord {
  const { sender, to, acceptedMs, node, offers } = entry
  return {
    kind: 'accepted',
    hash: entry.hash,
    sender,
    nonce: String(entry.nonce),
    to,
    raw: entry.raw.toString('hex'),
    acceptedMs,
    node,
    offers,
  }
}

/** The record that brings it to what it is now. */
export function becameRecord({ hash, state, block, reason }: Entry): JournalRecord {
  return { kind: 'became', hash, state, block, reason }
}

/** What {@link acceptedRecord} was made of. */
export function acceptedOf(record: JournalRecord & { kind: 'accepted' }): Accepted {
  return { ...record, nonce: BigInt(record.nonce), raw: Buffer.from(record.raw, 'hex') }
}
