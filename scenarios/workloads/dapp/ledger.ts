import type { Settled } from '../../load/transport.ts'
import { type Audit, mostFaults } from '../script.ts'
import { inChunks } from './chunks.ts'
import type { DeployedContract } from './contract.ts'
import type { Model, Write } from './model.ts'
import { awaitReceipts, inChainOrder, offer, type Receipt } from './receipts.ts'
import type { Senders, Signed } from './senders.ts'

/** A write, signed, and whether an endpoint said that it has it. */
type Entry = { readonly write: Write; readonly signed: Signed; isAccepted: boolean }

/** What was written to one contract, and the model that says what must have come of it. */
export class WriteLedger {
  readonly #url: string
  readonly #contract: DeployedContract
  readonly #senders: Senders
  readonly #model: Model
  readonly #entries = new Map<string, Entry>()

  /** @param model as the contract is now; it is told what blocks hold, and nothing else */
  constructor(url: string, contract: DeployedContract, senders: Senders, model: Model) {
    this.#url = url
    this.#contract = contract
    this.#senders = senders
    this.#model = model
  }

  /** Signs a write, to be sent. */
  sign(write: Write): Signed {
    const signed = this.#senders.sign(write.sender, this.#contract.wish(write))
    this.#entries.set(signed.hash, { write, signed, isAccepted: false })
    return signed
  }

  /** An endpoint answered the send. */
  settled(hash: string, { failure, result }: Settled): void {
    const entry = this.#entries.get(hash)
    if (entry !== undefined && failure === null && result === hash) entry.isAccepted = true
  }

  /**
   * Offers again what no endpoint has taken, waits until blocks hold all of it, carries it out on the
   * model in the order of the chain, and asks the contract for all that the model knows.
   */
  async audit(signal: AbortSignal): Promise<Audit> {
    const entries = [...this.#entries.values()]
    const accepted = entries.filter(({ isAccepted }) => isAccepted).length
    const refused = await this.#offerAgain(entries, signal)
    const hashes = [...this.#entries.keys()]
    const receipts = await awaitReceipts(this.#url, hashes, signal)
    const lost = hashes.filter((hash, i) => receipts[i] === null && !refused.has(hash))
    const mined = receipts.filter((receipt) => receipt !== null)
    const unlike = this.#replayed(mined)
    const wrong = await inChunks([...this.#model.expectations()], (expected) =>
      this.#contract.fault(this.#url, expected, signal),
    )
    const faults = [
      ...lost.map((hash) => `${hash} was accepted and is in no block`),
      ...Array.from(refused, ([hash, words]) => `${hash} is refused: ${words}`),
      ...unlike,
      ...wrong.filter((fault) => fault !== null),
    ]
    return {
      counts: {
        sent: entries.length,
        accepted,
        'offered again': entries.length - accepted,
        mined: mined.length,
        reverted: mined.filter(({ succeeded }) => !succeeded).length,
        compared: wrong.length,
      },
      faults: faults.slice(0, mostFaults),
    }
  }

  /** @returns why, by hash, what is refused even so */
  async #offerAgain(
    entries: readonly Entry[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    const refused = new Map<string, string>()
    const open = entries.filter(({ isAccepted }) => !isAccepted)
    const bySender = Map.groupBy(open, ({ write }) => write.sender)
    await inChunks([...bySender.values()], async (own) => {
      for (const { signed } of own) {
        try {
          await offer(this.#url, signed.raw, signal)
        } catch (error) {
          signal.throwIfAborted()
          // A nonce that is used up may be by this very transaction: then its receipt tells.
          const words = error instanceof Error ? error.message : String(error)
          if (!/nonce too low/i.test(words)) refused.set(signed.hash, words)
        }
      }
    })
    return refused
  }

  /** Tells the model what blocks hold. @returns where the chain and the model are of two minds */
  #replayed(mined: readonly Receipt[]): readonly string[] {
    return mined.toSorted(inChainOrder).flatMap(({ hash, succeeded }) => {
      const entry = this.#entries.get(hash)
      if (entry === undefined) return []
      const { write } = entry
      const should = this.#model.apply(write, this.#senders.addresses[write.sender] ?? '')
      if (should === succeeded) return []
      return `${write.name}, ${hash}, ${succeeded ? 'succeeded' : 'reverted'} and should not have`
    })
  }
}
