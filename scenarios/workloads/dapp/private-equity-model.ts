import type { Expectation, Model, Write } from './model.ts'

type Fund = {
  readonly manager: string
  readonly sharePrice: bigint
  sharesLeft: bigint
  shares: bigint
  dividendPerShare: bigint
}

type Offer = {
  readonly fund: number
  readonly from: string
  readonly to: string
  readonly shares: bigint
  open: boolean
}

/** What one account has in one fund. */
type Holding = { shares: bigint; subscribed: bigint; dividendsSeen: bigint }

const scale = 10n ** 18n

/** `PrivateEquity.sol` in TypeScript, function by function. */
export class PrivateEquityModel implements Model {
  readonly funds: Fund[] = []
  readonly offers: Offer[] = []
  readonly #holdings = new Map<string, Holding>()
  readonly #balances = new Map<string, bigint>()

  holding(fund: number, account: string): Holding {
    const key = `${fund}/${account}`
    const found = this.#holdings.get(key) ?? { shares: 0n, subscribed: 0n, dividendsSeen: 0n }
    this.#holdings.set(key, found)
    return found
  }

  balance(account: string): bigint {
    return this.#balances.get(account) ?? 0n
  }

  apply(write: Write, from: string): boolean {
    const { name, valueWei: value } = write
    if (name === 'openFund') return this.#openFund(from, wei(write, 0), wei(write, 1))
    if (name === 'withdraw') return this.#withdraw(from)
    if (name === 'confirmTransfer') return this.#confirmTransfer(from, index(write, 0))
    const at = index(write, 0)
    const fund = this.funds[at]
    if (fund === undefined) return false
    switch (name) {
      case 'subscribe':
        return this.#subscribe(at, fund, from, wei(write, 1), value)
      case 'confirm':
        return this.#confirm(at, fund, from, account(write, 1))
      case 'offerTransfer':
        return this.#offerTransfer(at, from, account(write, 1), wei(write, 2))
      case 'payDividend':
        return payDividend(fund, from, value)
      case 'claim':
        this.#settle(at, fund, from)
        return true
    }
    throw new RangeError(`no function ${name}`)
  }

  *expectations(): Generator<Expectation> {
    yield { name: 'fundCount', args: [], values: [BigInt(this.funds.length)] }
    for (const [i, fund] of this.funds.entries()) {
      const { manager, sharePrice, sharesLeft, shares, dividendPerShare } = fund
      const values = [[manager, sharePrice, sharesLeft, shares, dividendPerShare]]
      yield { name: 'getFund', args: [BigInt(i)], values }
    }
    for (const [i, { fund, from, to, shares, open }] of this.offers.entries()) {
      yield {
        name: 'getOffer',
        args: [BigInt(i)],
        values: [[BigInt(fund), from, to, shares, open]],
      }
    }
    for (const [key, { shares, subscribed }] of this.#holdings) {
      const [fund = '', owner = ''] = key.split('/')
      const args = [BigInt(fund), owner]
      yield { name: 'sharesOf', args, values: [shares] }
      yield { name: 'subscribed', args, values: [subscribed] }
      yield { name: 'dividendOf', args, values: [this.dividend(Number(fund), owner)] }
    }
    for (const [owner, amount] of this.#balances) {
      yield { name: 'balanceOf', args: [owner], values: [amount] }
    }
  }

  /** What the account's shares have earned and was not booked yet. */
  dividend(fund: number, owner: string): bigint {
    const { shares, dividendsSeen } = this.holding(fund, owner)
    return (shares * ((this.funds[fund]?.dividendPerShare ?? 0n) - dividendsSeen)) / scale
  }

  #openFund(manager: string, sharePrice: bigint, sharesLeft: bigint): boolean {
    this.funds.push({ manager, sharePrice, sharesLeft, shares: 0n, dividendPerShare: 0n })
    return true
  }

  #subscribe(at: number, fund: Fund, from: string, shares: bigint, value: bigint): boolean {
    if (shares === 0n || shares > fund.sharesLeft) return false
    if (value !== shares * fund.sharePrice) return false
    fund.sharesLeft -= shares
    this.holding(at, from).subscribed += shares
    return true
  }

  #confirm(at: number, fund: Fund, from: string, investor: string): boolean {
    if (fund.manager !== from) return false
    const holding = this.holding(at, investor)
    const shares = holding.subscribed
    if (shares === 0n) return false
    this.#settle(at, fund, investor)
    holding.subscribed = 0n
    holding.shares += shares
    fund.shares += shares
    this.#book(from, shares * fund.sharePrice)
    return true
  }

  #offerTransfer(fund: number, from: string, to: string, shares: bigint): boolean {
    if (shares === 0n || shares > this.holding(fund, from).shares) return false
    this.offers.push({ fund, from, to, shares, open: true })
    return true
  }

  #confirmTransfer(from: string, at: number): boolean {
    const offer = this.offers[at]
    const fund = offer === undefined ? undefined : this.funds[offer.fund]
    if (offer === undefined || fund === undefined) return false
    if (fund.manager !== from || !offer.open) return false
    if (offer.shares > this.holding(offer.fund, offer.from).shares) return false
    offer.open = false
    this.#settle(offer.fund, fund, offer.from)
    this.#settle(offer.fund, fund, offer.to)
    this.holding(offer.fund, offer.from).shares -= offer.shares
    this.holding(offer.fund, offer.to).shares += offer.shares
    return true
  }

  #withdraw(from: string): boolean {
    this.#balances.set(from, 0n)
    return true
  }

  #settle(at: number, fund: Fund, owner: string): void {
    this.#book(owner, this.dividend(at, owner))
    this.holding(at, owner).dividendsSeen = fund.dividendPerShare
  }

  #book(owner: string, amount: bigint): void {
    this.#balances.set(owner, this.balance(owner) + amount)
  }
}

function payDividend(fund: Fund, from: string, value: bigint): boolean {
  if (fund.manager !== from || fund.shares === 0n || value === 0n) return false
  fund.dividendPerShare += (value * scale) / fund.shares
  return true
}

function wei({ name, args }: Write, at: number): bigint {
  const value = args[at]
  if (typeof value !== 'bigint') throw new RangeError(`${name}: argument ${at} is no number`)
  return value
}

function index(write: Write, at: number): number {
  return Number(wei(write, at))
}

function account({ name, args }: Write, at: number): string {
  const value = args[at]
  if (typeof value !== 'string') throw new RangeError(`${name}: argument ${at} is no address`)
  return value
}
