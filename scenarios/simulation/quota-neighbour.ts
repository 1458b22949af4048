/** It begins to work so often, and makes up for nothing that it was kept from. */
const periodMs = 10
const noneMs = 1e-7

/** Another process in a node's quota, which works a part of every 10 ms on a thread of its own. */
export class QuotaNeighbour {
  readonly #cores: number
  #leftMs = 0
  #beginsMs: number

  /** @param cores mean use where nothing keeps it; 0: none is there */
  constructor(cores: number, nowMs: number) {
    this.#cores = cores
    this.#beginsMs = cores > 0 ? nowMs : Number.POSITIVE_INFINITY
    this.wake(nowMs)
  }

  /** CPU that it wants now, milliseconds. */
  get wantsMs(): number {
    return this.#leftMs > noneMs ? this.#leftMs : 0
  }

  /** When it begins again; infinite while it works. */
  get wakesMs(): number {
    return this.wantsMs > 0 ? Number.POSITIVE_INFINITY : this.#beginsMs
  }

  /** Begins where it is due. Throttled beyond its time, it begins as soon as it has done. */
  wake(nowMs: number): void {
    if (this.wantsMs > 0 || nowMs < this.#beginsMs - noneMs) return
    this.#leftMs = this.#cores * periodMs
    this.#beginsMs = nowMs + periodMs
  }

  /** Has a core for so long. @returns what it used of that, milliseconds */
  run(forMs: number): number {
    const usedMs = Math.min(forMs, this.wantsMs)
    this.#leftMs -= usedMs
    return usedMs
  }
}
