import { z } from 'zod'
import type { Change } from '../consistency/chain.ts'
import { type Block, numberOf } from '../upstream/block.ts'
import type { Fleet } from '../upstream/fleet.ts'
import { isDevelopment, takenBack } from './development.ts'
import type { Journal } from './journal.ts'
import { ask } from './lookup.ts'

/** One block of the chain that was served. Times in milliseconds since 1970. */
export type LoggedBlock = {
  readonly number: number
  readonly hash: string
  /** The block's own timestamp; null while it is not known. */
  readonly timeMs: number | null
  readonly transactions: number | null
  readonly gasUsed: number | null
  readonly gasLimit: number | null
  /** When the fleet began to serve it, and the node that had it by then. */
  readonly seenMs: number
  readonly seenOn: string | null
  /** True once another branch took its place. */
  isOrphaned: boolean
}

/** Blocks kept. */
const maxBlocks = 1_000

/** Blocks still to be read; beyond, the oldest are logged as they are known: by number and hash. */
const maxBacklog = 128

const header = z.object({
  timestamp: z.string(),
  gasUsed: z.string(),
  gasLimit: z.string(),
  transactions: z.array(
    z.object({ hash: z.string(), from: z.string(), nonce: z.string() }).or(z.string()),
  ),
})

export type BlockLogOptions = {
  readonly timeoutMs: number
  readonly nowMs: () => number
  readonly wallMs: () => number
}

/**
 * The log of the blocks that the fleet served, and what tells the journal of the transactions in
 * them. A block is read once, from a node that has it; with its transactions only while some of ours
 * are pending.
 */
export class BlockLog {
  readonly #fleet: Fleet
  readonly #journal: Journal
  readonly #options: BlockLogOptions
  readonly #blocks: LoggedBlock[] = []
  #backlog: Block[] = []
  #reading: Promise<void> | null = null
  #isClosed = false
  reorganisations = 0

  constructor(fleet: Fleet, journal: Journal, options: BlockLogOptions) {
    this.#fleet = fleet
    this.#journal = journal
    this.#options = options
  }

  /** Newest last. */
  get blocks(): readonly LoggedBlock[] {
    return this.#blocks
  }

  /** The chain that is served went on, or turned to another branch. */
  take(change: Change): void {
    if (this.#isClosed) return
    if (change.kind === 'reorg') {
      this.reorganisations += 1
      for (const { hash } of change.removed) this.#orphan(hash)
    }
    this.#backlog.push(...change.added)
    while (this.#backlog.length > maxBacklog) {
      const block = this.#backlog.shift()
      if (block !== undefined) this.#add(block, null, null)
    }
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = null
    })
  }

  /** Resolves when all blocks taken so far are read. */
  async read(): Promise<void> {
    while (this.#reading !== null) await this.#reading
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#backlog = []
    await this.read()
  }

  #orphan(hash: string): void {
    this.#backlog = this.#backlog.filter((block) => block.hash !== hash)
    for (const block of this.#blocks) if (block.hash === hash) block.isOrphaned = true
    this.#journal.orphaned(hash, isDevelopment(this.#fleet) ? takenBack : null)
  }

  async #readAll(): Promise<void> {
    for (let block = this.#backlog[0]; block !== undefined; block = this.#backlog[0]) {
      const { seen, on } = await this.#read(block)
      // A reorganisation meanwhile took it out of the backlog: then it never was.
      if (this.#backlog[0] !== block) continue
      this.#backlog.shift()
      this.#add(block, seen, on)
      if (seen !== null) this.#tell(block, seen)
    }
  }

  async #read(block: Block): Promise<{ seen: z.infer<typeof header> | null; on: string | null }> {
    const isFull = this.#journal.pendingCount > 0
    const deadlineMs = this.#options.nowMs() + this.#options.timeoutMs
    for (const upstream of this.#fleet.view.readers) {
      if ((upstream.head ?? 0) < block.number) continue
      const params = `["${block.hash}",${isFull}]`
      const found = await ask(upstream, 'eth_getBlockByHash', params, deadlineMs)
      const { data } = header.safeParse(found)
      if (data !== undefined) return { seen: data, on: upstream.id }
    }
    return { seen: null, on: null }
  }

  #tell(block: Block, { transactions }: z.infer<typeof header>): void {
    const ours = transactions.flatMap((transaction) => {
      if (typeof transaction === 'string') return []
      const nonce = numberOf(transaction.nonce)
      if (nonce === null) return []
      const { hash, from } = transaction
      return [{ hash: hash.toLowerCase(), sender: from.toLowerCase(), nonce: BigInt(nonce) }]
    })
    this.#journal.mined({ number: block.number, hash: block.hash }, ours)
  }

  #add({ number, hash }: Block, seen: z.infer<typeof header> | null, seenOn: string | null): void {
    const seconds = numberOf(seen?.timestamp)
    this.#blocks.push({
      number,
      hash,
      timeMs: seconds === null ? null : 1_000 * seconds,
      transactions: seen?.transactions.length ?? null,
      gasUsed: numberOf(seen?.gasUsed),
      gasLimit: numberOf(seen?.gasLimit),
      seenMs: this.#options.wallMs(),
      seenOn,
      isOrphaned: false,
    })
    if (this.#blocks.length > maxBlocks) this.#blocks.shift()
  }
}
