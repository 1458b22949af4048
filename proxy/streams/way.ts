import type { Block } from '../upstream/block.ts'

/** How one gets from a served block to another; both lists lowest block first. */
export type Way = {
  readonly removed: readonly Block[]
  readonly added: readonly Block[]
  /** The highest block that stays. */
  readonly ancestor: Block
}

/** Finds a block by its hash, in memory or at a node; null where nobody has it. */
export type FindBlock = (hash: string) => Promise<Block | null>

/**
 * Walks by parent hash from `to` down to the chain that was told so far, and that chain further down
 * where it is not known far enough. Null where the two do not meet within `maxBlocks` on either
 * side, or where a block is not found.
 * @param told the chain that was told, lowest block first, of at least one block
 */
export async function wayTo(
  told: readonly Block[],
  to: Block,
  find: FindBlock,
  maxBlocks: number,
): Promise<Way | null> {
  const left = [...told]
  const added: Block[] = []
  let at = to
  for (;;) {
    const [lowest] = left
    if (lowest === undefined) return null
    const meeting = left.findLastIndex(({ hash }) => hash === at.hash)
    const ancestor = left[meeting]
    if (ancestor !== undefined) {
      return { removed: left.slice(meeting + 1), added: added.reverse(), ancestor }
    }
    const goesDown = at.number >= lowest.number ? at : lowest
    const walked = goesDown === at ? added.length : left.length - told.length
    if (walked >= maxBlocks) return null
    const parent = await find(goesDown.parentHash)
    if (parent === null || parent.number !== goesDown.number - 1) return null
    if (goesDown === at) {
      added.push(at)
      at = parent
    } else left.unshift(parent)
  }
}
