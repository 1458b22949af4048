import type { Heads } from './heads.ts'

/** Nodes that show old heads are asked again at most this much later, milliseconds. */
const mostMs = 64

/**
 * Between one round of nodes that showed old heads and the next: none at first, then four times as
 * long each time, so that nodes on their way are not asked again and again.
 */
export class Patience {
  #ms = 0

  /** Looks at all nodes, and waits for the head to move, `leftMs` at most. */
  async wait(heads: Heads, leftMs: number): Promise<void> {
    const { head } = heads
    await heads.look()
    const ms = Math.min(this.#ms, leftMs)
    this.#ms = Math.min(mostMs, Math.max(1, 4 * this.#ms))
    if (heads.head === head && ms > 0) await heads.reach(() => heads.head !== head, ms)
  }
}
