import type { Random } from '../../load/random.ts'
import { pick } from '../workload.ts'
import type { Argument, Write } from './model.ts'
import type { Dapp, Plan, PlanOptions, Step } from './plan.ts'
import { PrivateEquityModel } from './private-equity-model.ts'

const managers = 4
const investors = 28
const sharePrice = 1_000n
const sharesOfAFund = 10n ** 12n
const firstShares = 10_000n
const dividend = 5_000_000n

/**
 * The thesis's application: private funds that investors subscribe to, whose managers confirm, let
 * shares change hands and share out dividends, and auditors who count all of it.
 */
export const privateEquity: Dapp<PrivateEquityModel> = {
  name: 'private-equity',
  about: `funds of ${managers} managers and ${investors} investors: subscriptions, confirmations, transfers of shares, dividends; each transaction signed by its own sender; four calls of five read, some as audits`,
  contract: 'PrivateEquity',
  classes: ['read', 'audit', 'write'],
  senders: managers + investors,
  fallback: 'fundCount',
  rows: [
    { row: 'head', class: 'read', weight: 8, what: 'the newest block' },
    { row: 'nonce', class: 'read', weight: 6, what: 'the next nonce of an account' },
    { row: 'lookup', class: 'read', weight: 8, what: 'a transaction sent before' },
    { row: 'fundCount', class: 'read', weight: 4, what: 'fundCount()' },
    { row: 'getFund', class: 'read', weight: 14, what: 'getFund()' },
    { row: 'sharesOf', class: 'read', weight: 12, what: 'sharesOf()' },
    { row: 'subscribed', class: 'read', weight: 5, what: 'subscribed()' },
    { row: 'dividendOf', class: 'read', weight: 10, what: 'dividendOf()' },
    { row: 'balanceOf', class: 'read', weight: 6, what: 'balanceOf()' },
    { row: 'audit', class: 'audit', weight: 7, what: 'audit() over all investors' },
    { row: 'subscribe', class: 'write', weight: 6, what: 'subscribe()' },
    { row: 'confirm', class: 'write', weight: 5, what: 'confirm()' },
    { row: 'offerTransfer', class: 'write', weight: 2.5, what: 'offerTransfer()' },
    { row: 'confirmTransfer', class: 'write', weight: 2, what: 'confirmTransfer()' },
    { row: 'payDividend', class: 'write', weight: 1, what: 'payDividend()' },
    { row: 'claim', class: 'write', weight: 2, what: 'claim()' },
    { row: 'withdraw', class: 'write', weight: 1, what: 'withdraw()' },
    { row: 'openFund', class: 'write', weight: 0.5, what: 'openFund()' },
  ],
  model: () => new PrivateEquityModel(),
  stages: [
    () =>
      Array.from({ length: managers }, (_, i) => write(i, 'openFund', sharePrice, sharesOfAFund)),
    (accounts) =>
      accounts.slice(managers).map((_, i) => {
        const value = firstShares * sharePrice
        return { ...write(managers + i, 'subscribe', firstFund(i), firstShares), valueWei: value }
      }),
    (accounts, { funds }) =>
      accounts.slice(managers).map((investor, i) => {
        const fund = firstFund(i)
        const manager = accounts.indexOf(funds[Number(fund)]?.manager ?? '')
        return write(manager, 'confirm', fund, investor)
      }),
  ],
  plan: (options) => new FundsPlan(options),
}

/** Where the i-th investor begins. */
function firstFund(i: number): bigint {
  return BigInt(i % managers)
}

function write(sender: number, name: string, ...args: readonly Argument[]): Write {
  return { sender, name, args, valueWei: 0n }
}

/** Since when something stands, and whether it was written long enough ago to be built on. */
type Since<What> = What & { readonly atMs: number }

/** One investor's standing with one fund: at most one subscription at a time is open. */
type Standing = Since<{ readonly fund: number; readonly investor: number; open: boolean }>

class FundsPlan implements Plan {
  readonly #model: PrivateEquityModel
  readonly #accounts: readonly string[]
  readonly #random: Random
  readonly #settleMs: number
  /** Funds that all nodes have: those there from the beginning. */
  readonly #funds: number
  readonly #standings = new Map<string, Standing>()
  /** Offers not confirmed yet, oldest first. */
  readonly #offers: Since<{ readonly offer: number; readonly fund: number }>[] = []
  #atMs = 0

  constructor({ model, accounts, random, settleMs }: PlanOptions<PrivateEquityModel>) {
    this.#model = model
    this.#accounts = accounts
    this.#random = random
    this.#settleMs = settleMs
    this.#funds = model.funds.length
  }

  step(row: string, atMs: number): Step | null {
    this.#atMs = atMs
    const fund = Math.floor(this.#random() * this.#funds)
    const investor = managers + Math.floor(this.#random() * investors)
    const account = this.#accounts[investor] ?? ''
    switch (row) {
      case 'fundCount':
        return view(row)
      case 'getFund':
        return view(row, BigInt(fund))
      case 'sharesOf':
      case 'subscribed':
      case 'dividendOf':
        return view(row, BigInt(fund), account)
      case 'balanceOf':
        return view(row, pick(this.#accounts, this.#random))
      case 'audit':
        return view(row, BigInt(fund), this.#accounts.slice(managers))
      default:
        return this.#planned(this.#write(row, fund, investor))
    }
  }

  #write(row: string, fund: number, investor: number): Write | null {
    switch (row) {
      case 'subscribe':
        return this.#subscription(fund, investor)
      case 'confirm':
        return this.#confirmation()
      case 'offerTransfer':
        return this.#offerTransfer(fund, investor)
      case 'confirmTransfer':
        return this.#confirmTransfer()
      case 'payDividend':
        return { ...write(this.#managerOf(fund), row, BigInt(fund)), valueWei: dividend }
      case 'claim':
        return write(investor, row, BigInt(fund))
      case 'withdraw':
        return write(Math.floor(this.#random() * this.#accounts.length), row)
      case 'openFund':
        return write(Math.floor(this.#random() * managers), row, sharePrice, sharesOfAFund)
    }
    throw new RangeError(`private-equity has no row ${row}`)
  }

  #subscription(fund: number, investor: number): Write | null {
    const key = `${fund}/${investor}`
    const standing = this.#standings.get(key)
    // What was confirmed a moment ago might be confirmed with this one, and leave nothing for later.
    if (standing !== undefined && (standing.open || !this.#isSettled(standing))) return null
    this.#standings.set(key, { fund, investor, open: true, atMs: this.#atMs })
    const shares = BigInt(1 + Math.floor(this.#random() * 500))
    const own = write(investor, 'subscribe', BigInt(fund), shares)
    return { ...own, valueWei: shares * sharePrice }
  }

  #confirmation(): Write | null {
    for (const [key, standing] of this.#standings) {
      if (!standing.open || !this.#isSettled(standing)) continue
      const { fund, investor } = standing
      this.#standings.set(key, { fund, investor, open: false, atMs: this.#atMs })
      return write(this.#managerOf(fund), 'confirm', BigInt(fund), this.#accounts[investor] ?? '')
    }
    return null
  }

  #offerTransfer(fund: number, investor: number): Write | null {
    const from = this.#accounts[investor] ?? ''
    // A small part, so that offers not confirmed yet never promise more than there is.
    const shares = this.#model.holding(fund, from).shares / 64n
    const to = managers + Math.floor(this.#random() * investors)
    if (shares === 0n || to === investor) return null
    this.#offers.push({ offer: this.#model.offers.length, fund, atMs: this.#atMs })
    return write(investor, 'offerTransfer', BigInt(fund), this.#accounts[to] ?? '', shares)
  }

  #confirmTransfer(): Write | null {
    const [oldest] = this.#offers
    if (oldest === undefined || !this.#isSettled(oldest)) return null
    this.#offers.shift()
    return write(this.#managerOf(oldest.fund), 'confirmTransfer', BigInt(oldest.offer))
  }

  #planned(made: Write | null): Step | null {
    if (made === null) return null
    this.#model.apply(made, this.#accounts[made.sender] ?? '')
    return { kind: 'write', write: made }
  }

  #managerOf(fund: number): number {
    return this.#accounts.indexOf(this.#model.funds[fund]?.manager ?? '')
  }

  #isSettled({ atMs }: Since<object>): boolean {
    return this.#atMs - atMs >= this.#settleMs
  }
}

function view(name: string, ...args: readonly Argument[]): Step {
  return { kind: 'view', name, args }
}
