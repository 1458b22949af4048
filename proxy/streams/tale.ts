import type { Block } from '../upstream/block.ts'
import type { BlockReader } from './block-reader.ts'
import type { Ear, Told } from './ear.ts'
import type { KnownBlocks } from './known-blocks.ts'
import { asRemoved, type Log } from './log.ts'
import { wayTo } from './way.ts'

/** Blocks that were told, for reorganisations; deeper ones are walked. */
const windowBlocks = 256

/** Blocks that are read at the same time. */
const ahead = 8

/** Who hears of a block that began to be served with this change. */
export type EarsOf = (turn: number) => readonly Ear[]

const nobody = Buffer.alloc(0)
const none: readonly Log[] = []

/**
 * A chain as it is told: each block once, in order; what a reorganisation took back, lowest block
 * first as Geth does, before what it put there. What could not be read stays untold, and the tale
 * goes on from there at the next try.
 */
export class Tale {
  readonly #reader: BlockReader
  readonly #blocks: KnownBlocks
  readonly #maxGapBlocks: number
  #told: readonly Block[]

  /** @param told the block that was told last, or null: then the first is told without those below */
  constructor(reader: BlockReader, blocks: KnownBlocks, maxGapBlocks: number, told: Block | null) {
    this.#reader = reader
    this.#blocks = blocks
    this.#maxGapBlocks = maxGapBlocks
    this.#told = told === null ? [] : [told]
  }

  get head(): Block | null {
    return this.#told.at(-1) ?? null
  }

  /** False where a block on the way, or what is wanted of it, cannot be read now. */
  async goTo(to: Block, turn: number, earsOf: EarsOf): Promise<boolean> {
    if (this.#told.length === 0) return await this.#add([to], turn, earsOf)
    const find = (hash: string) => this.#blocks.find(hash)
    const way = await wayTo(this.#told, to, find, this.#maxGapBlocks)
    if (way === null) return false
    const { removed, added, ancestor } = way
    const isRewound = added.length === 0
    if (removed.length > 0 && !(await this.#remove(removed, ancestor, isRewound, turn, earsOf))) {
      return false
    }
    return await this.#add(added, turn, earsOf)
  }

  async #remove(
    blocks: readonly Block[],
    ancestor: Block,
    isRewound: boolean,
    turn: number,
    earsOf: EarsOf,
  ): Promise<boolean> {
    const head = isRewound ? await this.#read(ancestor, earsOf(turn), 'header') : null
    if (isRewound && head === null) return false
    const orphaned: Told[] = []
    for (const block of blocks) {
      const told = await this.#read(block, earsOf(turn), 'logs')
      if (told === null) return false
      orphaned.push({ ...told, logs: told.logs.map(asRemoved) })
    }
    for (const ear of earsOf(turn)) ear.removed(orphaned, ancestor, head)
    this.#told = [...this.#told.filter(({ number }) => number < ancestor.number), ancestor]
    return true
  }

  async #add(blocks: readonly Block[], turn: number, earsOf: EarsOf): Promise<boolean> {
    const earsFor = (block: Block) => earsOf(this.#blocks.turnOf(block) ?? turn)
    for (let i = 0; i < blocks.length; i += ahead) {
      const near = blocks.slice(i, i + ahead)
      const reading = near.map((block) => this.#read(block, earsFor(block), 'all'))
      for (const told of await Promise.all(reading)) {
        if (told === null) return false
        for (const ear of earsFor(told.block)) ear.added(told)
        this.#told = [...this.#told.slice(1 - windowBlocks), told.block]
      }
    }
    return true
  }

  /** What these ears need of a block; null where no node gives it now. */
  async #read(
    block: Block,
    ears: readonly Ear[],
    what: 'header' | 'logs' | 'all',
  ): Promise<Told | null> {
    const isNeeded = (need: 'header' | 'logs'): boolean =>
      (what === 'all' || what === need) && ears.some(({ needs }) => needs === need)
    const [header, logs] = await Promise.all([
      isNeeded('header') ? this.#reader.header(block) : nobody,
      isNeeded('logs') ? this.#reader.logs(block) : none,
    ])
    return header === null || logs === null ? null : { block, header, logs }
  }
}
