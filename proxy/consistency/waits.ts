type Waiter = { readonly isMet: () => boolean; readonly settle: (met: boolean) => void }

/** Who waits for something to become so, each for a time of its own. */
export class Waits {
  readonly #waiters = new Set<Waiter>()
  /** Waits so far, and those in vain. */
  count = 0
  inVain = 0

  get size(): number {
    return this.#waiters.size
  }

  /** Resolves with true at the first {@link look} at which `isMet`; after `ms` with what is then so. */
  reach(isMet: () => boolean, ms: number): Promise<boolean> {
    this.count += 1
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiter: Waiter = {
      isMet,
      settle: (met) => {
        clearTimeout(timer)
        this.#waiters.delete(waiter)
        if (!met) this.inVain += 1
        resolve(met)
      },
    }
    const timer = setTimeout(() => waiter.settle(isMet()), ms)
    this.#waiters.add(waiter)
    return promise
  }

  /** Something has changed. */
  look(): void {
    for (const waiter of this.#waiters) if (waiter.isMet()) waiter.settle(true)
  }

  /** Ends every wait. */
  close(): void {
    for (const waiter of this.#waiters) waiter.settle(false)
  }
}
