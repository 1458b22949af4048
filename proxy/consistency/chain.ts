import type { Block } from '../upstream/block.ts'
import { BlockTree } from './block-tree.ts'

/** One node's word on where the head is. */
export type Vote = {
  /** The head of the node, with all its ancestors that are known added before. */
  readonly block: Block
  /** Not negative; with 0 it speaks for no branch, and the node is one of those asked all the same. */
  readonly weight: number
}

/** How the chain that is served went on. All lists are lowest block first. */
export type Change =
  | { readonly kind: 'advance'; readonly added: readonly Block[] }
  | {
      readonly kind: 'reorg'
      /** The highest block that stays; null where the two chains are not known to meet. */
      readonly ancestor: Block | null
      readonly removed: readonly Block[]
      readonly added: readonly Block[]
    }

/** Heights that are known below the head, as many as `BLOCKHASH` of the EVM sees. */
export const windowBlocks = 256

/** What the walk over the votes finds out about one block. */
type Support = {
  readonly block: Block
  weight: number
  /** Votes for it or for blocks above it: nodes that hold it. */
  holders: number
  /** The highest head above it. */
  top: number
  readonly children: Support[]
}

/**
 * The one chain that the fleet shows, chosen from the heads of its nodes: at each fork the branch
 * that most weight stands on, at equal weight the longer one, then the one served so far (greedy
 * heaviest subtree: Sompolinsky and Zohar, "Secure High-Rate Transaction Processing in Bitcoin",
 * 2015, with nodes in place of blocks); and on it the highest block that `quorum` nodes hold. A node
 * alone on a branch is so never followed, however far ahead, and one ahead on the same branch is.
 */
export class Chain {
  readonly tree = new BlockTree(windowBlocks)
  readonly #quorum: number
  #head: Block | null = null
  /** Blocks that were served and are not any more, the one removed last at the end. */
  readonly #removed = new Set<string>()
  /** True while those who vote hold only ancestors of the head: who held it does not vote any more. */
  isOrphaned = false

  /** @param quorum nodes that must hold a block before it is served; at least 1 */
  constructor(quorum: number) {
    this.#quorum = quorum
  }

  get head(): Block | null {
    return this.#head
  }

  /** Whether a node with this head is on another branch than the one that is served. */
  isAside(block: Block): boolean {
    const head = this.#head
    if (head === null || head.hash === block.hash) return false
    const meeting = this.tree.meeting(head, block)
    // Not known to meet: far behind is no other branch, level or ahead may well be one.
    if (meeting === null) return block.number >= head.number
    return meeting.hash !== head.hash && meeting.hash !== block.hash
  }

  /** Whether the chain that is served has this block, as far as is known. */
  has(block: Block): boolean {
    const head = this.#head
    return head !== null && this.tree.ancestor(head, block.number)?.hash === block.hash
  }

  /**
   * Whether a block that an answer shows is of another branch than the one that is served, or may be:
   * above the head, while no node has told where it belongs. Shown now, it would be gone should the
   * fleet not turn to it.
   */
  isForeign(number: number, hash: string): boolean {
    const head = this.#head
    if (head === null) return false
    if (number > head.number) {
      const block = this.tree.at(hash)
      return block === null || this.tree.ancestor(block, head.number)?.hash !== head.hash
    }
    const served = this.tree.ancestor(head, number)
    return served !== null && served.hash !== hash
  }

  /** Whether the chain below `head`, of a node as high as `height`, may hold the block of this hash. */
  mayHold(hash: string, head: Block, height: number): boolean {
    const block = this.tree.at(hash)
    if (block === null) return true
    const at = this.tree.ancestor(head, block.number)
    return at === null ? height >= block.number : at.hash === hash
  }

  /**
   * What the word of a node with this head counts. Nothing where it tells of the past: one that goes
   * the way of the others, but later, comes by blocks that these have left already; and of one that
   * is turning no more is known than that it has left its block.
   */
  weightOf(block: Block, isTurning: boolean): number {
    if (this.#removed.has(block.hash)) return 0
    return isTurning && !this.has(block) ? 0 : 1
  }

  /**
   * A node went from one head to another. Who left the chain that is served for a block that was
   * removed from it does not come late: that block is news again.
   */
  moved(before: Block | undefined, to: Block): void {
    if (before === undefined || !this.#removed.has(to.hash) || !this.has(before)) return
    if (this.tree.meeting(before, to)?.hash !== before.hash) this.#removed.delete(to.hash)
  }

  /**
   * Counts the votes anew.
   * @param mayFall whether the head may go back to an ancestor when nobody holds it any more
   */
  decide(votes: readonly Vote[], mayFall: boolean): Change | null {
    const winner = this.#choose(votes)
    if (winner === null) return null
    const head = this.#head
    if (head === null) {
      this.#head = winner
      return { kind: 'advance', added: [winner] }
    }
    this.isOrphaned = false
    if (winner.hash === head.hash) return null
    const ancestor = this.tree.meeting(head, winner)
    // Not known to meet, and lower: somebody far behind, who is all that is left for a moment.
    const isBehind = ancestor === null ? winner.number < head.number : ancestor.hash === winner.hash
    if (isBehind && !mayFall) {
      this.isOrphaned = true
      return null
    }
    this.#head = winner
    const added = this.tree.path(ancestor, winner)
    const removed = ancestor?.hash === head.hash ? [] : this.tree.path(ancestor, head)
    this.tree.prune(winner.number)
    this.#leave(removed, added)
    return removed.length === 0
      ? { kind: 'advance', added }
      : { kind: 'reorg', ancestor, removed, added }
  }

  #leave(removed: readonly Block[], added: readonly Block[]): void {
    for (const { hash } of added) this.#removed.delete(hash)
    for (const { hash } of removed) this.#removed.add(hash)
    for (const hash of this.#removed) {
      if (this.#removed.size <= windowBlocks) break
      this.#removed.delete(hash)
    }
  }

  #choose(votes: readonly Vote[]): Block | null {
    const [first] = votes
    if (first === undefined || !votes.some(({ weight }) => weight > 0)) return null
    const quorum = Math.min(this.#quorum, votes.length)
    // Nearly always all agree.
    if (votes.every(({ block }) => block.hash === first.block.hash)) return first.block
    let level = this.#supports(votes)
    let chosen: Support | null = null
    while (level.length > 0) {
      const best = level.reduce((a, b) => (this.#isBetter(b, a) ? b : a))
      if (best.weight === 0 || (chosen !== null && best.holders < quorum)) break
      chosen = best
      level = best.children
    }
    if (chosen === null) return null
    // Where no branch has enough nodes, what is served stays.
    return chosen.holders < quorum && this.#head !== null ? null : chosen.block
  }

  /** The lowest blocks of the chains that are voted for, with all that stands on them. */
  #supports(votes: readonly Vote[]): Support[] {
    const lowest = votes.reduce((least, { block }) => Math.min(least, block.number), Infinity)
    const highest = votes.reduce((most, { block }) => Math.max(most, block.number), 0)
    const floor = Math.max(lowest, highest - windowBlocks)
    const supports = new Map<string, Support>()
    const roots: Support[] = []
    for (const { block: tip, weight } of votes) {
      let child: Support | null = null
      for (let block: Block | null = tip; block !== null; block = this.#above(block, floor)) {
        const known = supports.get(block.hash)
        const support = known ?? { block, weight: 0, holders: 0, top: 0, children: [] }
        support.weight += weight
        support.holders += 1
        support.top = Math.max(support.top, tip.number)
        if (child !== null) support.children.push(child)
        child = known === undefined ? support : null
        if (known === undefined) supports.set(block.hash, support)
      }
      if (child !== null) roots.push(child)
    }
    return roots
  }

  #above(block: Block, floor: number): Block | null {
    return block.number <= floor ? null : this.tree.parentOf(block)
  }

  #isBetter(a: Support, b: Support): boolean {
    if (a.weight !== b.weight) return a.weight > b.weight
    if (a.top !== b.top) return a.top > b.top
    const isServed = this.has(a.block)
    return isServed !== this.has(b.block) ? isServed : a.block.hash < b.block.hash
  }
}
