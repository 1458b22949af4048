import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, type TestContext, test } from 'node:test'
import {
  Contract,
  id,
  JsonRpcProvider,
  Result,
  type TransactionResponse,
  Wallet,
  ZeroAddress,
} from 'ethers'
import { testAccounts } from '../fleets/accounts.ts'
import { AnvilFleet } from '../fleets/anvil.ts'
import { Reaper } from '../reaper.ts'
import { artifactOf } from './artifacts.ts'
import type { ContractName } from './compile.ts'
import { deployContracts } from './deploy.ts'

const limits = { timeout: 60_000 }

let reaper: Reaper
let fleet: AnvilFleet
let provider: JsonRpcProvider
let addresses: Readonly<Record<string, string>>

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-test-'))
  reaper = new Reaper(folder)
  const options = { nodes: 1, blockTimeMs: 50, cpus: [], folder, reaper, onEvent: () => {} }
  fleet = await AnvilFleet.start(options)
  const url = fleet.nodes[0]?.url ?? ''
  addresses = await deployContracts(url, testAccounts)
  provider = new JsonRpcProvider(url, undefined, { pollingInterval: 20, cacheTimeout: -1 })
})
after(async () => {
  provider.destroy()
  await fleet.close()
  await reaper.close()
})

test(
  'a marble belongs to who made it, then to whom it is given',
  limits,
  async (t: TestContext) => {
    const [maker, taker] = [marbles(1), marbles(2)]
    await done(maker, 'create', 'Aurora', 'green', 16)
    await done(maker, 'create', 'Borealis', 'blue', 18)
    await done(maker, 'transfer', id('Aurora'), address(2))
    const aurora = await asked(taker, 'get', id('Aurora'))
    t.assert.deepEqual(aurora, ['Aurora', 'green', 16n, address(2), 1n])
    t.assert.deepEqual(await asked(maker, 'ofOwner', address(1), 0, 9), [[id('Borealis')], 1n])
    t.assert.deepEqual(await asked(taker, 'ofOwner', address(2), 0, 9), [[id('Aurora')], 1n])
  },
)

test('a marble is not made twice, nor given away by another or to nobody', limits, async (t) => {
  const [maker, thief] = [marbles(1), marbles(2)]
  await done(maker, 'create', 'Cirrus', 'white', 12)
  await refused(t, maker, 'Exists', 'create', 'Cirrus', 'white', 12)
  await refused(t, maker, 'NoName', 'create', '', 'white', 12)
  await refused(t, thief, 'NotOwner', 'transfer', id('Cirrus'), address(2))
  await refused(t, maker, 'NoReceiver', 'transfer', id('Cirrus'), ZeroAddress)
  await refused(t, maker, 'Unknown', 'get', id('Nimbus'))
})

test('the events of a marble tell its history', limits, async (t: TestContext) => {
  await done(marbles(3), 'create', 'Drift', 'red', 9)
  await done(marbles(3), 'transfer', id('Drift'), address(4))
  await done(marbles(4), 'transfer', id('Drift'), address(5))
  const contract = marbles(0)
  const filter = contract.filters['Transferred']?.(id('Drift'))
  if (filter === undefined) throw new Error('no such event')
  const events = await contract.queryFilter(filter, 0)
  const hops = events.map((event) =>
    'args' in event ? [event.args['from'], event.args['to']] : [],
  )
  t.assert.deepEqual(hops, [
    [address(3), address(4)],
    [address(4), address(5)],
  ])
})

test('an owner with many marbles is read page by page', limits, async (t: TestContext) => {
  const owner = marbles(6)
  for (const name of ['E1', 'E2', 'E3', 'E4', 'E5']) await done(owner, 'create', name, 'grey', 1)
  const pages = [0, 2, 4, 6].map((first) => asked(owner, 'ofOwner', address(6), first, 2))
  t.assert.deepEqual(await Promise.all(pages), [
    [[id('E1'), id('E2')], 5n],
    [[id('E3'), id('E4')], 5n],
    [[id('E5')], 5n],
    [[], 5n],
  ])
})

test('shares are paid for and confirmed, and dividends go by them', limits, async (t) => {
  const [manager, one, other] = [equity(0), equity(1), equity(2)]
  const fund = await asked(manager, 'fundCount')
  await done(manager, 'openFund', 100, 10)
  await done(one, 'subscribe', fund, 3, { value: 300 })
  await done(other, 'subscribe', fund, 1, { value: 100 })
  t.assert.equal(await asked(one, 'sharesOf', fund, address(1)), 0n)
  await done(manager, 'confirm', fund, address(1))
  await done(manager, 'confirm', fund, address(2))
  await done(manager, 'payDividend', fund, { value: 401 })
  t.assert.equal(await asked(one, 'dividendOf', fund, address(1)), 300n)
  t.assert.equal(await asked(one, 'dividendOf', fund, address(2)), 100n)
  await done(one, 'claim', fund)
  t.assert.equal(await asked(one, 'balanceOf', address(1)), 300n)
  t.assert.equal(await asked(one, 'dividendOf', fund, address(1)), 0n)
  await done(one, 'withdraw')
  t.assert.equal(await asked(one, 'balanceOf', address(1)), 0n)
  // What was paid for shares is the manager's; the wei that does not divide stays.
  await done(manager, 'withdraw')
  t.assert.equal(await provider.getBalance(addresses['PrivateEquity'] ?? ''), 101n)
})

test('shares change hands with consent, and what they earned before stays', limits, async (t) => {
  const [manager, from, to] = [equity(0), equity(3), equity(4)]
  const fund = await asked(manager, 'fundCount')
  await done(manager, 'openFund', 1, 8)
  await done(from, 'subscribe', fund, 8, { value: 8 })
  await done(manager, 'confirm', fund, address(3))
  await done(manager, 'payDividend', fund, { value: 80 })
  await done(from, 'offerTransfer', fund, address(4), 2)
  const offer = await lastOffer(from, fund)
  await refused(t, to, 'NotManager', 'confirmTransfer', offer)
  await done(manager, 'confirmTransfer', offer)
  await refused(t, manager, 'NothingToConfirm', 'confirmTransfer', offer)
  await done(manager, 'payDividend', fund, { value: 8 })
  const investors = [address(3), address(4)]
  t.assert.deepEqual(await asked(manager, 'audit', fund, investors), [8n, 8n])
  t.assert.equal(await asked(to, 'balanceOf', address(3)), 80n)
  t.assert.equal(await asked(to, 'dividendOf', fund, address(4)), 2n)
})

test('a fund refuses wrong sums, too many shares and strangers', limits, async (t) => {
  const [manager, other] = [equity(0), equity(5)]
  const fund = await asked(manager, 'fundCount')
  await done(manager, 'openFund', 10, 2)
  await refused(t, other, 'WrongPayment', 'subscribe', fund, 1, { value: 9 })
  await refused(t, other, 'NotEnoughShares', 'subscribe', fund, 3, { value: 30 })
  await refused(t, other, 'NotManager', 'confirm', fund, address(5))
  await refused(t, manager, 'NothingToConfirm', 'confirm', fund, address(5))
  await refused(t, manager, 'NothingToShare', 'payDividend', fund, { value: 5 })
  await refused(t, other, 'NotEnoughShares', 'offerTransfer', fund, address(1), 1)
})

function marbles(account: number): Contract {
  return as('Marbles', account)
}

function equity(account: number): Contract {
  return as('PrivateEquity', account)
}

/** A demo contract as the account of this number uses it. */
function as(name: ContractName, account: number): Contract {
  const wallet = new Wallet(testAccounts[account]?.privateKey ?? '', provider)
  return new Contract(addresses[name] ?? '', [...artifactOf(name).abi], wallet)
}

function address(account: number): string {
  return testAccounts[account]?.address ?? ''
}

/** Sends a call and waits for its receipt. */
async function done(contract: Contract, name: string, ...args: readonly unknown[]): Promise<void> {
  const response: TransactionResponse = await contract.getFunction(name).send(...args)
  await response.wait()
}

/** What a call returns: a value, or an array where it is several or a struct. */
async function asked(
  contract: Contract,
  name: string,
  ...args: readonly unknown[]
): Promise<unknown> {
  const answer: unknown = await contract.getFunction(name).staticCall(...args)
  return answer instanceof Result ? answer.toArray(true) : answer
}

/** Checks that a call is turned down with this error of the contract. */
async function refused(
  t: TestContext,
  contract: Contract,
  error: string,
  name: string,
  ...args: readonly unknown[]
): Promise<void> {
  await t.assert.rejects(contract.getFunction(name).staticCall(...args), {
    message: new RegExp(`^execution reverted: ${error}[(]`),
  })
}

/** The number of the offer that was made last in a fund. */
async function lastOffer(contract: Contract, fund: unknown): Promise<unknown> {
  const filter = contract.filters['TransferOffered']?.(null, fund)
  if (filter === undefined) throw new Error('no such event')
  const event = (await contract.queryFilter(filter, 0)).at(-1)
  return event !== undefined && 'args' in event ? event.args['offer'] : undefined
}
