import { id as idOf } from 'ethers'
import type { Random } from '../../load/random.ts'
import { pick } from '../workload.ts'
import { MarblesModel } from './marbles-model.ts'
import type { Argument, Write } from './model.ts'
import type { Dapp, Plan, PlanOptions, Step } from './plan.ts'

const owners = 32
const firstMarbles = 3
const pageSize = 20n
const colours = ['amber', 'blue', 'clear', 'green', 'grey', 'red', 'white']

/** The asset contract of the micro-service paper: marbles are made, change hands and have a history. */
export const marbles: Dapp<MarblesModel> = {
  name: 'marbles',
  about: `marbles of ${owners} owners: made, given away, looked up by name, by owner and by history; each transaction signed by its own sender; three calls of four read`,
  contract: 'Marbles',
  classes: ['read', 'history', 'write'],
  senders: owners,
  fallback: 'total',
  rows: [
    { row: 'head', class: 'read', weight: 8, what: 'the newest block' },
    { row: 'nonce', class: 'read', weight: 6, what: 'the next nonce of an account' },
    { row: 'lookup', class: 'read', weight: 8, what: 'a transaction sent before' },
    { row: 'total', class: 'read', weight: 4, what: 'total()' },
    { row: 'get', class: 'read', weight: 22, what: 'get()' },
    { row: 'ofOwner', class: 'read', weight: 15, what: `ofOwner(), ${pageSize} at a time` },
    { row: 'history', class: 'history', weight: 12, what: 'all events of a marble' },
    { row: 'create', class: 'write', weight: 11, what: 'create()' },
    { row: 'transfer', class: 'write', weight: 14, what: 'transfer()' },
  ],
  model: () => new MarblesModel(),
  stages: [
    (accounts) =>
      accounts.flatMap((_, sender) =>
        Array.from({ length: firstMarbles }, (_unused, i) =>
          created(sender, `first-${sender}-${i}`, colours[i % colours.length] ?? '', 10n),
        ),
      ),
  ],
  plan: (options) => new MarblesPlan(options),
}

/** `isShown`: readers may ask for it. */
type Known = { readonly id: string; readonly atMs: number; readonly isShown: boolean }

/** A marble is given away only once what happened to it before is in a block. */
class MarblesPlan implements Plan {
  readonly #model: MarblesModel
  readonly #accounts: readonly string[]
  readonly #random: Random
  readonly #settleMs: number
  /** Marbles by when they were last written, longest ago first. */
  readonly #known: Known[]
  /** Those of them that are in a block for certain, for readers. */
  readonly #settled: string[]
  #made = 0

  constructor({ model, accounts, random, settleMs }: PlanOptions<MarblesModel>) {
    this.#model = model
    this.#accounts = accounts
    this.#random = random
    this.#settleMs = settleMs
    this.#settled = [...model.marbles.keys()]
    this.#known = this.#settled.map((id) => ({
      id,
      atMs: Number.NEGATIVE_INFINITY,
      isShown: true,
    }))
  }

  step(row: string, atMs: number): Step | null {
    switch (row) {
      case 'total':
        return { kind: 'view', name: row, args: [] }
      case 'get':
        return { kind: 'view', name: row, args: [pick(this.#settled, this.#random)] }
      case 'ofOwner':
        return { kind: 'view', name: row, args: [pick(this.#accounts, this.#random), 0n, pageSize] }
      case 'history':
        return { kind: 'events', topic: pick(this.#settled, this.#random) }
      case 'create':
        return this.#create(atMs)
      case 'transfer':
        return this.#transfer(atMs)
    }
    throw new RangeError(`marbles has no row ${row}`)
  }

  #create(atMs: number): Step {
    const sender = Math.floor(this.#random() * this.#accounts.length)
    const name = `marble-${this.#made}`
    this.#made += 1
    const size = BigInt(1 + Math.floor(this.#random() * 40))
    const write = created(sender, name, pick(colours, this.#random), size)
    return this.#planned(write, { id: idOf(name), atMs, isShown: false })
  }

  #transfer(atMs: number): Step | null {
    const [oldest] = this.#known
    const to = pick(this.#accounts, this.#random)
    if (oldest === undefined || atMs - oldest.atMs < this.#settleMs) return null
    this.#known.shift()
    if (!oldest.isShown) this.#settled.push(oldest.id)
    const owner = this.#model.marbles.get(oldest.id)?.owner ?? ''
    const sender = this.#accounts.indexOf(owner)
    const write = wish(sender, 'transfer', oldest.id, to)
    return this.#planned(write, { id: oldest.id, atMs, isShown: true })
  }

  #planned(write: Write, known: Known): Step {
    this.#model.apply(write, this.#accounts[write.sender] ?? '')
    this.#known.push(known)
    return { kind: 'write', write }
  }
}

function created(sender: number, name: string, colour: string, size: bigint): Write {
  return wish(sender, 'create', name, colour, size)
}

function wish(sender: number, name: string, ...args: readonly Argument[]): Write {
  return { sender, name, args, valueWei: 0n }
}
