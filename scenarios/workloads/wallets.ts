import { arrivalShapes } from '../load/arrivals.ts'
import type { Session } from '../load/sessions.ts'
import { inChunks } from './dapp/chunks.ts'
import { awaitReceipts, offer } from './dapp/receipts.ts'
import { Senders, type Signed } from './dapp/senders.ts'
import { type Audit, mostFaults, type ScriptContext, type Sessions } from './script.ts'
import { pick, row, type Workload, type WorkloadRow } from './workload.ts'

/** Accounts; each has one session at a time. */
const accounts = 48
const transferGas = 21_000
/** A session asks after its transaction so many times at most, once a block. */
const mostHeads = 40

const classes = ['connect', 'light', 'send', 'mined'] as const
const [connect, light, send, mined] = [0, 1, 2, 3]
const [nonceRow, sendRow, receiptRow] = [0, 1, 2]

const rows: readonly WorkloadRow[] = [
  row('eth_getTransactionCount', 'the next nonce', 'light', 2, (facts, random) => [
    pick(facts.accounts, random),
    'pending',
  ]),
  {
    ...row('eth_sendRawTransaction', 'a transfer', 'send', 1, (facts, random) => {
      const [from, to] = [pick(facts.accounts, random), pick(facts.accounts, random)]
      return [{ from, to, value: '0x1' }]
    }),
    standIn: 'eth_estimateGas',
  },
  {
    ...row('eth_getTransactionReceipt', 'of its own transfer', 'light', 3, (facts, random) => [
      pick(facts.transactions, random),
    ]),
    needs: 'transactions',
  },
]

/** People who open their wallet, send something, wait for it and leave; they come in bursts. */
export const wallets: Workload = {
  name: 'wallets',
  about: `WebSocket sessions of ${accounts} accounts: connect, subscribe to heads, ask for the nonce, send a transfer, look for its receipt at each head until it is there; the rate counts calls, about six a session`,
  classes,
  rows,
  arrivals: arrivalShapes.bursty,
  callsPerArrival: 6,
  sessions: async (context) => await WalletSessions.open(context),
}

class WalletSessions implements Sessions {
  readonly #context: ScriptContext
  readonly #senders: Senders
  /** Signed transfers of each account that were not sent yet, in the order of their nonces. */
  readonly #ready: readonly Transfer[][]
  readonly #free: number[]
  readonly #sent: Transfer[] = []
  readonly #faults: string[] = []
  readonly #counts = { sessions: 0, complete: 0, heads: 0 }

  private constructor(context: ScriptContext, senders: Senders) {
    this.#context = context
    this.#senders = senders
    const each = 1 + Math.ceil((2 * context.arrivalsMs.length) / accounts)
    this.#ready = senders.addresses.map((_, i) => this.#transfers(i, each))
    this.#free = senders.addresses.map((_, i) => i)
  }

  /** @throws Error where nobody can pay on this chain */
  static async open(context: ScriptContext): Promise<WalletSessions> {
    const { url, seed, signal } = context
    return new WalletSessions(context, await Senders.open({ url, seed, count: accounts, signal }))
  }

  async play(session: Session): Promise<void> {
    this.#counts.sessions += 1
    const account = this.#free.shift()
    // Everybody is busy: one more comes, looks, and leaves.
    if (account === undefined) {
      await session.connect(connect)
      return
    }
    try {
      if (!(await session.connect(connect))) return
      const heads = await session.call({
        kind: light,
        method: 'eth_subscribe',
        params: ['newHeads'],
      })
      if (heads.failure !== null || !(await this.#knowsNonce(session, account))) return
      const transfer = this.#ready[account]?.shift()
      if (transfer === undefined) return
      this.#sent.push(transfer)
      const { raw, hash } = transfer.signed
      const call = { kind: send, row: sendRow, method: 'eth_sendRawTransaction', params: [raw] }
      const { failure, result } = await session.call(call)
      if (failure !== null) return
      transfer.isAccepted = true
      if (result !== hash) this.#fault(`${hash} was sent, and answered with ${String(result)}`)
      if ((await this.#receipt(session, hash)) !== null) this.#counts.complete += 1
    } finally {
      this.#free.push(account)
    }
  }

  async finish(signal: AbortSignal): Promise<Audit> {
    const { url } = this.#context
    const open = this.#sent.filter(({ isAccepted }) => !isAccepted)
    await inChunks(open, async ({ signed }) => {
      await offer(url, signed.raw, signal).catch((error: unknown) => {
        signal.throwIfAborted()
        this.#fault(`${signed.hash} is refused: ${String(error)}`)
      })
    })
    const hashes = this.#sent.map(({ signed }) => signed.hash)
    const receipts = await awaitReceipts(url, hashes, signal)
    hashes.forEach((hash, i) => {
      if (receipts[i] === null) this.#fault(`${hash} was accepted and is in no block`)
    })
    return {
      counts: {
        ...this.#counts,
        sent: hashes.length,
        'offered again': open.length,
        mined: receipts.filter((receipt) => receipt !== null).length,
      },
      faults: this.#faults,
    }
  }

  /** Whether the endpoint knows the nonce that comes next: never less than what it has accepted. */
  async #knowsNonce(session: Session, account: number): Promise<boolean> {
    const params = [this.#senders.addresses[account] ?? '', 'pending']
    const call = { kind: light, row: nonceRow, method: 'eth_getTransactionCount', params }
    const { failure, result } = await session.call(call)
    if (failure !== null) return false
    const expected = this.#ready[account]?.[0]?.nonce
    if (expected !== undefined && Number(result) < expected && !this.#isOwed(account)) {
      this.#fault(
        `the next nonce of ${params[0]} was said to be ${String(result)}, and is ${expected}`,
      )
    }
    return true
  }

  /** Whether a transfer of the account was sent and not answered: then its nonce is anybody's guess. */
  #isOwed(account: number): boolean {
    return this.#sent.some(({ signed, isAccepted }) => signed.sender === account && !isAccepted)
  }

  #receipt(session: Session, hash: string): Promise<unknown> {
    const call = {
      kind: light,
      row: receiptRow,
      method: 'eth_getTransactionReceipt',
      params: [hash],
    }
    return session.until(mined, 'mined', async (told) => {
      for (let heads = 0; heads < mostHeads; heads += 1) {
        const { failure, result } = await session.call(call, true)
        if (failure !== null) return null
        if (result !== null) return result
        if ((await told()) === null) return null
        this.#counts.heads += 1
      }
      return null
    })
  }

  #transfers(sender: number, count: number): Transfer[] {
    const to = this.#senders.addresses[(sender + 1) % accounts] ?? null
    return Array.from({ length: count }, () => {
      const nonce = this.#senders.nonceOf(sender)
      const wish = { to, data: '0x', valueWei: 1n, gasLimit: transferGas }
      return { nonce, signed: this.#senders.sign(sender, wish), isAccepted: false }
    })
  }

  #fault(words: string): void {
    if (this.#faults.length < mostFaults) this.#faults.push(words)
  }
}

type Transfer = { readonly nonce: number; readonly signed: Signed; isAccepted: boolean }
