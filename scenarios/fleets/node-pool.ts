import { quantity } from './block.ts'
import { batchSize } from './block-maker.ts'
import type { KnownTransactions } from './known-transactions.ts'
import { field, NodeRefusal, type NodeRpc, NodeSilence } from './node-rpc.ts'
import { PendingFeed } from './pending-feed.ts'
import { signedTransaction } from './signed-transaction.ts'

export type NodePoolOptions = {
  readonly rpc: NodeRpc
  readonly known: KnownTransactions
  /** A transaction came in here that no node is known to have. */
  readonly onArrival: (hash: string, raw: string) => void
}

/** Hashes kept while they are asked for; {@link NodePool.compare} finds what is beyond. */
const maxUnfetched = 50_000

/** A pool of this size is read as soon as it looks different: some hundred kilobytes. */
const readAtOnce = 500

/** What one node's transaction pool holds, as far as it has told. */
export class NodePool {
  readonly #options: NodePoolOptions
  readonly #feed: PendingFeed
  #held = new Set<string>()
  #unfetched: string[] = []
  #isFetching = false
  #hasDiffered = false

  constructor(options: NodePoolOptions) {
    this.#options = options
    this.#feed = new PendingFeed({
      url: options.rpc.url,
      onTransaction: (hash, description) => this.#notice(hash, description),
      onOpen: () => {
        this.#hasDiffered = true // What came before was not told.
      },
    })
  }

  holds(hash: string): boolean {
    return this.#held.has(hash)
  }

  /** A block holds these now. */
  remove(hashes: readonly string[]): void {
    for (const hash of hashes) this.#held.delete(hash)
  }

  /**
   * Gives the node those of the transactions that it does not have, in this order; one without a
   * signed form is skipped. A refusal is counted, and not an error.
   * @throws NodeSilence
   */
  async give(
    transactions: readonly (readonly [hash: string, raw: string | undefined])[],
  ): Promise<void> {
    const { known, rpc } = this.#options
    const missing = transactions.filter(([hash, raw]) => raw !== undefined && !this.#held.has(hash))
    for (let from = 0; from < missing.length; from += batchSize) {
      const batch = missing.slice(from, from + batchSize)
      const answers = await rpc.batch(batch.map(([, raw]) => ['eth_sendRawTransaction', raw]))
      for (const [i, [hash]] of batch.entries()) {
        const answer = answers[i]
        if (answer instanceof NodeRefusal && !answer.message.includes('already')) {
          known.refused(hash)
        } else this.#held.add(hash)
      }
    }
  }

  /** Takes a transaction as come in here, unless it is known. */
  bring(hash: string, raw: string): void {
    if (!this.#options.known.has(hash)) this.#options.onArrival(hash, raw)
  }

  /**
   * Looks whether the pool holds what it is believed to hold, and notices what the feed did not
   * tell: a transaction whose nonce is still too high, one of a burst, or one that fell out.
   *
   * Of a block that was replaced Anvil's pool knows nothing, and keeps what the new one holds. Once
   * a sender has nothing else there any more, and so sends nothing now, that is cleared away. (What
   * waits behind such a one waits for ever here; it is mined by the others.)
   * @throws NodeRefusal, NodeSilence
   */
  async compare(): Promise<void> {
    const { rpc, known } = this.#options
    const status = await rpc.call('txpool_status')
    const size = quantity(field(status, 'pending')) + quantity(field(status, 'queued'))
    const hasDiffered = this.#hasDiffered
    this.#hasDiffered = size !== this.#held.size
    // In the midst of a burst they differ for a moment; only what lasts is worth a long answer.
    if (!this.#hasDiffered || (size > readAtOnce && !hasDiffered)) return
    const pooled = pooledIn(await rpc.call('txpool_content'))
    this.#held = new Set()
    for (const { hash, description } of pooled) this.#notice(hash, description)
    const active = new Set(
      pooled.filter(({ hash }) => !known.isPast(hash)).map((one) => one.sender),
    )
    const past = new Set(pooled.map(({ sender }) => sender)).difference(active)
    await rpc.batch([...past].map((sender) => ['anvil_removePoolTransactions', sender]))
  }

  close(): void {
    this.#feed.close()
  }

  #notice(hash: string, description: unknown): void {
    const { known } = this.#options
    if (known.has(hash)) {
      if (known.raw(hash) !== undefined) this.#held.add(hash)
      return
    }
    const raw = signedTransaction(description)
    if (raw !== null) this.#take(hash, raw)
    else if (this.#unfetched.length < maxUnfetched) {
      this.#unfetched.push(hash)
      if (!this.#isFetching) void this.#fetch()
    }
  }

  #take(hash: string, raw: string): void {
    this.#held.add(hash)
    this.bring(hash, raw)
  }

  /** Asks the node for transactions whose description did not tell all. */
  async #fetch(): Promise<void> {
    this.#isFetching = true
    try {
      while (this.#unfetched.length > 0) {
        const batch = this.#unfetched.splice(0, batchSize)
        const raws = await this.#options.rpc.batch(
          batch.map((hash) => ['eth_getRawTransactionByHash', hash]),
        )
        for (const [i, hash] of batch.entries()) {
          const raw = raws[i]
          // Null when another has taken its place in the meantime.
          if (typeof raw === 'string') this.#take(hash, raw)
        }
      }
    } catch (error) {
      // What it has not told goes with it if it is gone, and is found by comparing if it is not.
      if (!(error instanceof NodeSilence)) throw error
      this.#unfetched = []
    } finally {
      this.#isFetching = false
    }
  }
}

type Pooled = { readonly sender: string; readonly hash: string; readonly description: unknown }

/** The transactions of an answer to `txpool_content`: by state, by sender, by nonce. */
function pooledIn(content: unknown): readonly Pooled[] {
  return ['pending', 'queued'].flatMap((state) =>
    Object.entries(field(content, state) ?? {}).flatMap(([sender, byNonce]) =>
      Object.values(byNonce ?? {}).flatMap((description) => {
        const hash = field(description, 'hash')
        return typeof hash === 'string' ? [{ sender, hash, description }] : []
      }),
    ),
  )
}
