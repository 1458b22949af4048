import type { Heads } from './heads.ts'

/**
 * Between one round of nodes that showed old heads and the next: none at first, then four times as
 * long each time, so that nodes on their way are not asked until any answer would have to do.
 */
export class Patience {
  #ms = 0

  /** Looks at all nodes, and waits for the head to move, `mostMs` at most. */
  async wait(heads: Heads, mostMs: number): Promise<void> {
    const { head } = heads
    await heads.look()
    const ms = Math.min(this.#ms, mostMs)
    this.#ms = Math.max(1, 4 * this.#ms)
    if (heads.head === head && ms > 0) await heads.reach(() => heads.head !== head, ms)
  }
}
