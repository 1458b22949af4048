import type { Consistency } from './consistency/consistency.ts'
import type { Demand } from './consistency/demand.ts'
import type { Errand } from './placement.ts'
import type { Block } from './upstream/block.ts'

/** The request of an errand that was not pinned yet. */
export const unmade: Buffer = Buffer.alloc(0)

/** An errand that can be made anew for another block, should the one it was made for be removed. */
export type PinnedErrand<Read> = Errand<Read> & {
  readonly demand: Demand<Read> | null
  /** Makes the request, with `pin` in place of `latest`; null where each node may say. Comes before it is placed. */
  pinTo(pin: Block | null, consistency: Consistency): void
}
