import { ProxyError } from '../errors.ts'
import { type Reply, resultReply } from '../rpc/reply.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { broadcast, type Outcome, sendRequest } from './broadcast.ts'
import { isDevelopment, takenBack } from './development.ts'
import type { BlockRef } from './entry.ts'
import type { Journal } from './journal.ts'
import { foundOn } from './lookup.ts'
import type { Transaction } from './transaction.ts'
import { Turns } from './turns.ts'

/** What the client is answered, and the node whose word it is. */
export type Sent = Reply & { readonly by: Upstream }

type Found = {
  readonly by: Upstream
  /** Null while it is in a pool. */
  readonly block: BlockRef | null
  readonly isOurs: boolean
}

/** core/txpool/errors.go and core/error.go: what other clients say in words of their own. */
const inGethsWords = { known: 'already known', spent: 'nonce too low' } as const

/** How long nodes that are slow to answer are waited for when the others refuse, milliseconds. */
const graceMs = 500

export type RawSendsOptions = {
  /** Until when one send must have an answer, milliseconds. */
  readonly timeoutMs: number
  /** Milliseconds on the proxy's clock, and since 1970. */
  readonly nowMs: () => number
  readonly wallMs: () => number
}

/**
 * Sends raw transactions: to every healthy node at once, the first success answers, and what is
 * accepted stands in the journal before the client is told. Transactions of one sender go one after
 * another, in the order in which they came.
 */
export class RawSends {
  readonly #fleet: Fleet
  readonly #journal: Journal
  readonly #options: RawSendsOptions
  readonly #turns = new Turns()

  constructor(fleet: Fleet, journal: Journal, options: RawSendsOptions) {
    this.#fleet = fleet
    this.#journal = journal
    this.#options = options
  }

  /** Senders with a transaction under way. */
  get sending(): number {
    return this.#turns.size
  }

  /**
   * The answer of one Geth that all the nodes were.
   * @throws ProxyError when no node gave one, or there is no room to remember the transaction
   */
  async send(transaction: Transaction, raw: Buffer): Promise<Sent> {
    const { sender, hash } = transaction
    // A signature that nobody can have made is for the nodes to refuse, each in its own words.
    return this.#turns.take(sender ?? hash, () => this.#send(transaction, raw))
  }

  async #send(transaction: Transaction, raw: Buffer): Promise<Sent> {
    if (this.#journal.isFull) throw new ProxyError('OVERLOADED', 'the journal is full')
    const before = this.#journal.find(transaction.hash)
    const isAgain = before !== null && before.state !== 'dropped'
    const isRepeated = isAgain && !isDevelopment(this.#fleet)
    const deadlineMs = this.#options.nowMs() + this.#options.timeoutMs
    const outcomes = await this.#outcomes(transaction, sendRequest(raw), deadlineMs)
    const accepted = outcomes.find(({ kind }) => kind === 'accepted')
    if (accepted !== undefined && 'reply' in accepted) {
      const { reply, upstream: by } = accepted
      // A node that had lost it, or lacks its block, took it anew; a Geth would have it, and say so.
      const isMined = before?.state === 'mined'
      if (isRepeated) return { ...errorReply(inGethsWords[isMined ? 'spent' : 'known']), by }
      if (isAgain) this.#journal.drop(before, takenBack)
      await this.#keep(transaction, raw, by)
      return { ...reply, by }
    }
    const found = isRepeated ? null : await this.#found(transaction.hash, outcomes, deadlineMs)
    if (found === null) return refused(outcomes)
    // It came to the fleet by another way, or before a crash: kept as well while there is much room.
    if (found.isOurs || this.#journal.hasRoom) await this.#keep(transaction, raw, found.by)
    const entry = this.#journal.find(transaction.hash)
    if (found.block !== null && entry !== null) this.#journal.mined(found.block, [entry])
    return found.isOurs
      ? { ...resultReply(`"${transaction.hash}"`), by: found.by }
      : refused(outcomes)
  }

  /**
   * What the nodes say. Where none said anything (a connection that broke, a node that died) those
   * that are up by now are asked once more: its hash proves it the same.
   */
  async #outcomes(
    transaction: Transaction,
    request: Buffer,
    deadlineMs: number,
  ): Promise<readonly Outcome[]> {
    const among = this.#targets(transaction)
    if (among.length === 0) throw new ProxyError('NO_UPSTREAM', 'no node is up')
    const outcomes = await broadcast(among, request, deadlineMs, graceMs)
    const isLate = this.#options.nowMs() >= deadlineMs
    if (isLate || outcomes.some((outcome) => 'reply' in outcome)) return outcomes
    const again = await broadcast(this.#targets(transaction), request, deadlineMs, graceMs)
    return [...outcomes, ...again]
  }

  /** The node that has the sender's last transaction first: it knows the nonce that comes next. */
  #targets({ sender }: Transaction): readonly Upstream[] {
    const { readers, writer } = this.#fleet.view
    const last = sender === null ? null : this.#journal.lastPending(sender)
    const first = readers.find(({ id }) => id === last?.node) ?? writer
    return first === null ? readers : [first, ...readers.filter((upstream) => upstream !== first)]
  }

  /**
   * Where the transaction is although no node accepted it now; null where it is nowhere. It is our
   * doing where a node may have taken it before it fell silent; without such a silence the refusal is
   * the client's own affair.
   */
  async #found(
    hash: string,
    outcomes: readonly Outcome[],
    deadlineMs: number,
  ): Promise<Found | null> {
    const isOurs = outcomes.some(({ kind }) => kind === 'unclear')
    const known = outcomes.find(({ kind }) => kind === 'known')
    if (known !== undefined) return { by: known.upstream, block: null, isOurs }
    if (!isOurs && !outcomes.some(({ kind }) => kind === 'spent')) return null
    for (const upstream of this.#fleet.view.readers) {
      const found = await foundOn(upstream, hash, deadlineMs)
      if (found !== null) return { by: upstream, block: found.block, isOurs }
    }
    return null
  }

  async #keep({ hash, sender, nonce, to }: Transaction, raw: Buffer, by: Upstream): Promise<void> {
    if (sender === null) return
    const acceptedMs = this.#options.wallMs()
    await this.#journal.accept({ hash, sender, nonce, to, raw, acceptedMs, node: by.id })
  }
}

/**
 * The refusal of the node that knows most: who has seen its nonce used, in a block that others may
 * lack; then who has it already, then the first. @throws ProxyError that says why none answered
 */
function refused(outcomes: readonly Outcome[]): Sent {
  const refusal = first(outcomes, 'spent') ?? first(outcomes, 'known') ?? first(outcomes, null)
  if (refusal !== null) {
    const { kind, upstream: by, reply } = refusal
    const isForeign = by.family !== null && (kind === 'known' || kind === 'spent')
    return { ...(isForeign ? errorReply(inGethsWords[kind]) : reply), by }
  }
  const unclear = outcomes.find(({ kind }) => kind === 'unclear')
  if (unclear !== undefined && 'error' in unclear) {
    const options = { cause: unclear.error }
    throw new ProxyError('WRITE_UNCERTAIN', 'no node answered the send', options)
  }
  const [any] = outcomes
  throw any !== undefined && 'error' in any
    ? any.error
    : new ProxyError('NO_UPSTREAM', 'no node is up')
}

/** The first that answered, of this kind or (null) of any. */
function first(outcomes: readonly Outcome[], kind: Outcome['kind'] | null) {
  for (const outcome of outcomes) {
    if ('reply' in outcome && (kind === null || outcome.kind === kind)) return outcome
  }
  return null
}

function errorReply(message: string): Reply {
  const body = Buffer.from(`{"code":-32000,"message":"${message}"}`)
  return { kind: 'error', body, start: 0, end: body.length }
}
