import { ProxyError } from '../errors.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { broadcast, type Outcome, sendRequest } from './broadcast.ts'
import type { Journal } from './journal.ts'
import { foundOn } from './lookup.ts'
import type { Transaction } from './transaction.ts'
import { Turns } from './turns.ts'

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
  async send(transaction: Transaction, raw: Buffer): Promise<Reply> {
    const { sender, hash } = transaction
    // A signature that nobody can have made is for the nodes to refuse, each in its own words.
    return this.#turns.take(sender ?? hash, () => this.#send(transaction, raw))
  }

  async #send(transaction: Transaction, raw: Buffer): Promise<Reply> {
    if (this.#journal.isFull) throw new ProxyError('OVERLOADED', 'the journal is full')
    const among = this.#targets(transaction)
    if (among.length === 0) throw new ProxyError('NO_UPSTREAM', 'no node is up')
    const deadlineMs = this.#options.nowMs() + this.#options.timeoutMs
    const outcomes = await broadcast(among, sendRequest(raw), deadlineMs, graceMs)
    const accepted = outcomes.find(({ kind }) => kind === 'accepted')
    if (accepted !== undefined && 'reply' in accepted) {
      await this.#keep(transaction, raw, accepted.upstream)
      return accepted.reply
    }
    const holder = await this.#holder(transaction.hash, outcomes, deadlineMs)
    if (holder !== null) {
      await this.#keep(transaction, raw, holder)
      return hashReply(transaction.hash)
    }
    return refused(outcomes)
  }

  /** The node that has the sender's last transaction first: it knows the nonce that comes next. */
  #targets({ sender }: Transaction): readonly Upstream[] {
    const { readers, writer } = this.#fleet.view
    const last = sender === null ? null : this.#journal.lastPending(sender)
    const first = readers.find(({ id }) => id === last?.node) ?? writer
    return first === null ? readers : [first, ...readers.filter((upstream) => upstream !== first)]
  }

  /**
   * Where nodes refuse what another node may have taken before it fell silent: the node that has the
   * transaction all the same, or null. Without such a silence a refusal is the client's own affair.
   */
  async #holder(
    hash: string,
    outcomes: readonly Outcome[],
    deadlineMs: number,
  ): Promise<Upstream | null> {
    if (!outcomes.some(({ kind }) => kind === 'unclear')) return null
    const known = outcomes.find(({ kind }) => kind === 'known')
    if (known !== undefined) return known.upstream
    for (const upstream of this.#fleet.view.readers) {
      if ((await foundOn(upstream, hash, deadlineMs)) !== null) return upstream
    }
    return null
  }

  async #keep({ hash, sender, nonce, to }: Transaction, raw: Buffer, by: Upstream): Promise<void> {
    if (sender === null) return
    const acceptedMs = this.#options.wallMs()
    await this.#journal.accept({ hash, sender, nonce, to, raw, acceptedMs, node: by.id })
  }
}

/** What the first node that answered says, or why none did. */
function refused(outcomes: readonly Outcome[]): Reply {
  for (const outcome of outcomes) if ('reply' in outcome) return outcome.reply
  const unclear = outcomes.find(({ kind }) => kind === 'unclear')
  if (unclear !== undefined && 'error' in unclear) {
    const options = { cause: unclear.error }
    throw new ProxyError('WRITE_UNCERTAIN', 'no node answered the send', options)
  }
  const [first] = outcomes
  throw first !== undefined && 'error' in first
    ? first.error
    : new ProxyError('NO_UPSTREAM', 'no node is up')
}

function hashReply(hash: string): Reply {
  const body = Buffer.from(`"${hash}"`)
  return { kind: 'result', body, start: 0, end: body.length }
}
