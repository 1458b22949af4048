import fc from 'fast-check'
import type { Block } from '../../upstream/block.ts'

/** A hash that tells a block by its place in the tree. */
export function hashOf(index: number): string {
  return `0x${index.toString(16).padStart(64, '0')}`
}

/** A chain from genesis with blocks `1 …` on top of each other; used where branches do not matter. */
export function line(length: number, from = 0): Block[] {
  return Array.from({ length }, (_, i) => ({
    number: from + i,
    hash: hashOf(from + i + 1),
    parentHash: hashOf(from + i),
  }))
}

/** The block on top of `parent`, told by `index`, which must be new. */
export function childOf(parent: Block, index: number): Block {
  return { number: parent.number + 1, hash: hashOf(index), parentHash: parent.hash }
}

/** One thing that happens to a fleet: a block is made somewhere, or a node's head moves to one. */
export type Step =
  | { readonly kind: 'grow'; readonly back: number }
  | { readonly kind: 'move'; readonly node: number; readonly back: number }
  | { readonly kind: 'vote'; readonly node: number; readonly isVoting: boolean }

/** Any history of `nodes` nodes: `back` counts blocks from the newest made. */
export function histories(nodes: number) {
  const step = fc
    .record({
      kind: fc.constantFrom('grow', 'grow', 'move', 'move', 'vote'),
      node: fc.nat(nodes - 1),
      back: fc.integer({ min: 0, max: 5 }),
    })
    .map(({ kind, node, back }): Step => {
      if (kind === 'grow') return { kind, back }
      if (kind === 'move') return { kind, node, back }
      return { kind: 'vote', node, isVoting: back > 0 }
    })
  return fc.array(step, { minLength: 1, maxLength: 60 })
}
