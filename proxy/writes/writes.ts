import type { Change } from '../consistency/chain.ts'
import type { Exchange } from '../exchange.ts'
import { explain } from '../explanation.ts'
import type { Message } from '../rpc/call.ts'
import type { MethodRule } from '../rpc/methods/rule.ts'
import { type Reply, resultReply } from '../rpc/reply.ts'
import { cpuWork } from '../state/work.ts'
import type { ContractStats } from '../stats/contract-stats.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { BlockLog } from './block-log.ts'
import { isDevelopment } from './development.ts'
import type { Entry } from './entry.ts'
import { GasWatch } from './gas-watch.ts'
import { Journal } from './journal.ts'
import { JournalFile } from './journal-file.ts'
import { Offers, offersDefaults } from './offers.ts'
import { addressAndTag, hashParam, pendingAccount, rawParam } from './params.ts'
import { RawSends } from './raw-sends.ts'
import { isLookup, isMissing, isOwed, recalled } from './recall.ts'
import { receiptOf } from './receipt-wait.ts'
import { parseTransaction, type Transaction } from './transaction.ts'

export type WritesOptions = {
  /** Folder of the journal, or null to keep it in memory. */
  readonly folder: string | null
  readonly timeoutMs: number
  /** Milliseconds on the proxy's clock, and since 1970. */
  readonly nowMs: () => number
  readonly wallMs: () => number
  /** Told when a record could not be written. */
  readonly onError: (error: unknown) => void
  /** Told what transactions to contracts used. */
  readonly contracts: ContractStats
}

/**
 * Raw transactions from the client's bytes to the block that holds them: sent to all nodes, kept in
 * the journal, offered again, watched in the blocks of the chain that is served.
 */
export class Writes {
  readonly #fleet: Fleet
  readonly #options: WritesOptions
  #journal: Journal
  #sends: RawSends
  #offers: Offers
  #blocks: BlockLog
  #gas: GasWatch

  constructor(fleet: Fleet, options: WritesOptions) {
    this.#fleet = fleet
    this.#options = options
    this.#journal = new Journal(null, [], options.onError)
    this.#sends = new RawSends(fleet, this.#journal, options)
    this.#offers = new Offers(fleet, this.#journal, { ...offersDefaults, ...options })
    this.#blocks = new BlockLog(fleet, this.#journal, options)
    this.#gas = new GasWatch(fleet, this.#journal, options)
  }

  get journal(): Journal {
    return this.#journal
  }

  get blocks(): BlockLog {
    return this.#blocks
  }

  /** Transactions offered again so far. */
  get offered(): number {
    return this.#offers.offered
  }

  /**
   * Reads what an earlier run has left, and begins to offer it. Before, nothing may be sent.
   * @throws JournalDamage when the journal cannot be trusted, or another process has it open
   */
  async open(): Promise<void> {
    const { folder, onError } = this.#options
    if (folder !== null) {
      const { file, records } = await JournalFile.open(folder)
      try {
        this.#journal = new Journal(file, records, onError)
      } catch (error) {
        await file.close()
        throw error
      }
      this.#sends = new RawSends(this.#fleet, this.#journal, this.#options)
      this.#offers = new Offers(this.#fleet, this.#journal, { ...offersDefaults, ...this.#options })
      this.#blocks = new BlockLog(this.#fleet, this.#journal, this.#options)
      this.#gas = new GasWatch(this.#fleet, this.#journal, this.#options)
    }
    this.#offers.start()
  }

  async close(): Promise<void> {
    await this.#offers.close()
    await this.#gas.close()
    await this.#blocks.close()
    await this.#journal.close()
  }

  /** The chain that is served went on, or turned to another branch. */
  take(change: Change): void {
    this.#blocks.take(change)
  }

  /**
   * Sends the call if it is a raw transaction, and gives the answer of one Geth; null for every other
   * call, and for bytes that are no transaction: those a node must judge.
   */
  send(message: Message, rule: MethodRule, exchange: Exchange): Promise<Reply> | null {
    const isSync = message.method === 'eth_sendRawTransactionSync'
    if (message.method !== 'eth_sendRawTransaction' && !isSync) return null
    const raw = rawParam(message)
    const transaction = raw === null ? null : parseTransaction(raw)
    if (raw === null || transaction === null) return null
    message.callee = transaction.callee
    const sent = this.#send(message, transaction, raw, rule, exchange)
    return isSync ? this.#sync(sent, transaction.hash, exchange) : sent
  }

  /** With a time of its own as second param, the call is one that a node must judge. */
  async #sync(sent: Promise<Reply>, hash: string, exchange: Exchange): Promise<Reply> {
    const reply = await sent
    if (reply.kind === 'error') return reply
    return receiptOf(this.#fleet, this.#journal, hash, exchange, this.#options.nowMs)
  }

  async #send(
    message: Message,
    transaction: Transaction,
    raw: Buffer,
    rule: MethodRule,
    exchange: Exchange,
  ): Promise<Reply> {
    const reply = await this.#sends.send(transaction, raw)
    const { by } = reply
    // Who sent it is known by now; to look for that before would hold it up.
    const { created } = transaction
    if (created !== null) message.callee = `${created}constructor`
    if (reply.kind === 'result' && message.callee !== null) {
      this.#gas.sent(transaction.hash, message.callee)
    }
    exchange.node = by
    exchange.family = by.family
    if (exchange.wantsExplanation) {
      const { readers } = this.#fleet.view
      const nowMs = this.#options.nowMs()
      const work = cpuWork(rule.cpuMs)
      exchange.explanation = explain('broadcast', by, readers, work, readers.length, 0, nowMs)
    }
    return reply
  }

  /**
   * Says where a call is to go which is about what is pending here: a lookup of a transaction to the
   * node that took it, pending state of an account to the one that took the last of its transactions.
   */
  direct(message: Message, exchange: Exchange): void {
    if (this.#journal.pendingCount === 0) return
    if (isLookup(message.method)) {
      const hash = hashParam(message)
      exchange.node ??= this.#holder(hash === null ? null : this.#journal.find(hash))
      return
    }
    const account = pendingAccount(message)
    if (account !== null) exchange.pool ??= this.#holder(this.#journal.lastPending(account))
  }

  #holder(entry: Entry | null): Upstream | null {
    if (entry?.state !== 'pending') return null
    return this.#fleet.view.readers.find(({ id }) => id === entry.node) ?? null
  }

  /**
   * A node's answer with what the journal knows better: the next nonce of a pending sender, and that
   * a transaction which was accepted is there. A promise only where a node must be asked again.
   */
  amended(message: Message, reply: Reply): Reply | Promise<Reply> {
    if (this.#journal.size === 0 || reply.kind === 'error') return reply
    if (isDevelopment(this.#fleet)) return reply
    const { method } = message
    if (method === 'eth_getTransactionCount') return this.#withNextNonce(message, reply)
    if (!isLookup(method)) return reply
    if (method === 'eth_getTransactionReceipt') this.#gas.saw(message, reply)
    if (!isMissing(reply)) return reply
    const hash = hashParam(message)
    const entry = hash === null ? null : this.#journal.find(hash)
    if (entry === null || !isOwed(entry, method)) return reply
    const deadlineMs = this.#options.nowMs() + this.#options.timeoutMs
    return recalled(this.#fleet, entry, message, reply, deadlineMs)
  }

  /** {@link amended} for each of calls that one node answered together; nearly always `replies` itself. */
  amendedAll(
    messages: readonly Message[],
    replies: readonly Reply[],
  ): readonly Reply[] | Promise<readonly Reply[]> {
    if (this.#journal.size === 0) return replies
    return Promise.all(
      replies.map((reply, i) => {
        const message = messages[i]
        return message === undefined ? reply : this.amended(message, reply)
      }),
    )
  }

  #withNextNonce(message: Message, reply: Reply): Reply {
    const asked = addressAndTag(message)
    if (asked?.tag !== 'pending') return reply
    const said = reply.body.toString('latin1', reply.start, reply.end)
    if (!/^"0x[0-9a-f]{1,16}"$/.test(said)) return reply
    const ofNode = BigInt(said.slice(1, -1))
    const next = this.#journal.nextNonce(asked.address, ofNode)
    if (next === ofNode) return reply
    return resultReply(`"0x${next.toString(16)}"`)
  }
}
