import type { Block } from '../upstream/block.ts'
import type { Log } from './log.ts'

/** What is told of one block. What nobody needs is empty. */
export type Told = {
  readonly block: Block
  /** As `newHeads` tells it. */
  readonly header: Buffer
  readonly logs: readonly Log[]
}

/** Who listens to the chain that is served. */
export type Ear = {
  /** What it needs of a block, beside its hash. */
  readonly needs: 'header' | 'logs' | 'nothing'
  /** One more block is served. */
  added(told: Told): void
  /**
   * These blocks, lowest first, are served no more.
   * @param ancestor the block that the chain goes on from
   * @param head the same with its header where it is the head now, else null
   */
  removed(told: readonly Told[], ancestor: Block, head: Told | null): void
  /** What was missed cannot be made good. Nothing follows. */
  lost(): void
}
