import { setTimeout as pause } from 'node:timers/promises'

const firstMs = 250
const maxMs = 10_000

/** Pauses between tries that grow: 250 ms, doubled up to 10 s, each shortened by chance to half at most. */
export class Backoff {
  #failures = 0

  /** How long to wait before the next try, milliseconds. */
  nextMs(): number {
    const boundMs = Math.min(maxMs, firstMs * 2 ** Math.min(this.#failures, 10))
    this.#failures += 1
    return boundMs * (0.5 + Math.random() / 2)
  }

  reset(): void {
    this.#failures = 0
  }

  /** Waits before the next try, or until the signal fires. */
  async pause(signal: AbortSignal): Promise<void> {
    await pause(this.nextMs(), undefined, { ref: false, signal }).catch(() => {})
  }
}
