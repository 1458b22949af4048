import type { Block } from '../../upstream/block.ts'
import { Fleet } from '../../upstream/fleet.ts'
import { type TestClock, testClock, testUpstream } from '../../upstream/test/test-upstream.ts'
import type { Upstream } from '../../upstream/upstream.ts'
import { Heads } from '../heads.ts'
import { childOf, hashOf } from './random-tree.ts'

/** A fleet whose nodes go where a test says, as their followers would tell. */
export class TestHeads {
  readonly clock: TestClock = testClock()
  readonly nodes: readonly Upstream[]
  readonly heads: Heads

  /** @param count nodes, all up and on no block yet */
  constructor(count: number, quorum = 1) {
    this.nodes = Array.from({ length: count }, (_, i) => testUpstream(`node-${i}`, this.clock))
    for (const node of this.nodes) node.health = 'up'
    const fleet = new Fleet(this.nodes, { maxLagBlocks: 100, chainId: null })
    this.heads = new Heads(fleet, { quorum, maxWaitMs: 2_000 }, this.clock)
    fleet.refresh()
  }

  node(index: number): Upstream {
    const node = this.nodes[index]
    if (node === undefined) throw new RangeError('no such node')
    return node
  }

  /** The heads of these nodes are `block` now, one after another. */
  go(block: Block, ...indices: readonly number[]): void {
    for (const index of indices) {
      const node = this.node(index)
      node.head = block.number
      node.headAtMs = this.clock.ms
      this.heads.take(node, block, [])
    }
  }

  /** All nodes go to `block`. */
  gather(block: Block): void {
    this.go(block, ...this.nodes.keys())
  }

  /** The node tells of a head whose place is not known yet. */
  turn(index: number): void {
    this.heads.turning(this.node(index))
  }

  /** Time passes, and somebody looks. */
  pass(ms: number): void {
    this.clock.ms += ms
    this.heads.recount()
  }

  /** Those among all that have the head, by their places. */
  get fresh(): number[] {
    const fresh = this.heads.freshAmong(this.heads.readers)
    return fresh.map((node) => this.nodes.indexOf(node))
  }
}

export const root: Block = { number: 10, hash: hashOf(1), parentHash: hashOf(0) }

/** Blocks on top of `parent`, lowest first; `index` and what follows tells them. */
export function branch(parent: Block, count: number, index: number): Block[] {
  const blocks: Block[] = []
  for (let i = 0; i < count; i++) blocks.push(childOf(blocks.at(-1) ?? parent, index + i))
  return blocks
}

/** @throws RangeError where there is none */
export function at(blocks: readonly Block[], index: number): Block {
  const block = blocks.at(index)
  if (block === undefined) throw new RangeError('no such block')
  return block
}
