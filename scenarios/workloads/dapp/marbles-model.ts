import { id as idOf } from 'ethers'
import type { Expectation, Model, Write } from './model.ts'

type Marble = {
  readonly name: string
  readonly colour: string
  readonly size: bigint
  owner: string
  transfers: bigint
}

/** Marbles of one owner asked for at once. */
const pageSize = 50n

/** `Marbles.sol` in TypeScript, function by function. */
export class MarblesModel implements Model {
  readonly marbles = new Map<string, Marble>()
  /** Ids by owner, in the order in which the contract has them. */
  readonly #owned = new Map<string, string[]>()

  apply({ name, args }: Write, from: string): boolean {
    const [first, second, third] = args
    if (name === 'create' && typeof first === 'string' && typeof second === 'string') {
      return this.#create(first, second, third, from)
    }
    if (name === 'transfer' && typeof first === 'string' && typeof second === 'string') {
      return this.#transfer(first, second, from)
    }
    throw new RangeError(`no function ${name} that takes this`)
  }

  *expectations(): Generator<Expectation> {
    yield { name: 'total', args: [], values: [BigInt(this.marbles.size)] }
    for (const [id, { name, colour, size, owner, transfers }] of this.marbles) {
      yield { name: 'get', args: [id], values: [[name, colour, size, owner, transfers]] }
    }
    for (const [owner, ids] of this.#owned) {
      const all = BigInt(ids.length)
      for (let from = 0n; from === 0n || from < all; from += pageSize) {
        const page = ids.slice(Number(from), Number(from + pageSize))
        yield { name: 'ofOwner', args: [owner, from, pageSize], values: [page, all] }
      }
    }
  }

  /** Ids of the marbles of an owner. */
  ownedBy(owner: string): readonly string[] {
    return this.#owned.get(owner) ?? []
  }

  #create(name: string, colour: string, size: unknown, owner: string): boolean {
    const id = idOf(name)
    if (typeof size !== 'bigint') throw new RangeError('a marble without a size')
    if (name === '' || this.marbles.has(id)) return false
    this.marbles.set(id, { name, colour, size, owner, transfers: 0n })
    this.#hold(id, owner)
    return true
  }

  #transfer(id: string, to: string, from: string): boolean {
    const marble = this.marbles.get(id)
    if (marble === undefined || marble.owner !== from || /^0x0{40}$/.test(to)) return false
    this.#release(id, from)
    marble.owner = to
    marble.transfers += 1n
    this.#hold(id, to)
    return true
  }

  #hold(id: string, owner: string): void {
    const ids = this.#owned.get(owner)
    if (ids === undefined) this.#owned.set(owner, [id])
    else ids.push(id)
  }

  /** The last one takes the place of the one that leaves. */
  #release(id: string, owner: string): void {
    const ids = this.#owned.get(owner) ?? []
    const last = ids.pop()
    if (last !== undefined && last !== id) ids[ids.indexOf(id)] = last
  }
}
