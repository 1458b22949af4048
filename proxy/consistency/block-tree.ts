import type { Block } from '../upstream/block.ts'

/** Blocks beyond the window that are kept until there are so many; then the oldest known go. */
const slack = 512

/**
 * The blocks that nodes were seen to have, by hash, each with its parent's: the chains of all nodes
 * at once, since most of them are one. Bounded: `window` heights below the highest of the chain that
 * is served, and never more than a few times as many blocks.
 */
export class BlockTree {
  readonly #window: number
  readonly #blocks = new Map<string, Block>()

  /** @param window heights kept below the head, above 0 */
  constructor(window: number) {
    this.#window = window
  }

  get size(): number {
    return this.#blocks.size
  }

  add(block: Block): void {
    this.#blocks.set(block.hash, block)
  }

  at(hash: string): Block | null {
    return this.#blocks.get(hash) ?? null
  }

  parentOf(block: Block): Block | null {
    const parent = this.#blocks.get(block.parentHash)
    // A node that numbers its blocks as it likes must not lead us round in a ring.
    return parent !== undefined && parent.number === block.number - 1 ? parent : null
  }

  /** The block at height `number` of the chain that ends in `block`, or null where it is not known. */
  ancestor(block: Block, number: number): Block | null {
    let at: Block | null = block
    while (at !== null && at.number > number) at = this.parentOf(at)
    return at !== null && at.number === number ? at : null
  }

  /** The highest block that the chains ending in `a` and `b` share, or null where none is known. */
  meeting(a: Block, b: Block): Block | null {
    let left: Block | null = a
    let right: Block | null = b
    while (left !== null && right !== null && left.hash !== right.hash) {
      if (left.number > right.number) left = this.parentOf(left)
      else if (right.number > left.number) right = this.parentOf(right)
      else {
        left = this.parentOf(left)
        right = this.parentOf(right)
      }
    }
    return left !== null && right !== null ? left : null
  }

  /** The blocks above `from` up to `to`, lowest first; as far as known. `from` null: all known. */
  path(from: Block | null, to: Block): Block[] {
    const blocks: Block[] = []
    let at: Block | null = to
    while (at !== null && at.hash !== from?.hash) {
      blocks.push(at)
      at = this.parentOf(at)
    }
    return blocks.reverse()
  }

  /** Forgets what is too far below `head`, and what is too much. */
  prune(head: number): void {
    if (this.#blocks.size <= this.#window + slack) return
    for (const { hash, number } of this.#blocks.values()) {
      if (number <= head - this.#window) this.#blocks.delete(hash)
    }
    // Nodes that make up blocks, or far too many branches: whoever was known longest goes.
    for (const hash of this.#blocks.keys()) {
      if (this.#blocks.size <= 2 * (this.#window + slack)) break
      this.#blocks.delete(hash)
    }
  }
}
