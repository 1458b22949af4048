import { Backoff } from './backoff.ts'

/**
 * Follows a source until something fails, or the signal fires.
 * @param backoff to be reset once the source works
 */
export type Follow = (signal: AbortSignal, backoff: Backoff) => Promise<never>

/**
 * A source that is followed for as long as it is open: when that fails it is begun anew after a pause,
 * and at once when asked for.
 */
export class Following {
  readonly #over = new AbortController()
  readonly #backoff: Backoff
  #again = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(backoff = new Backoff()) {
    this.#backoff = backoff
  }

  /** Begins. `failed` is told of each failure, and not of what ended by {@link again} or {@link close}. */
  start(follow: Follow, failed: (error: unknown) => void): void {
    this.#running = this.#run(follow, failed)
  }

  /** Begins anew now, also out of a pause. */
  again(): void {
    this.#again.abort()
  }

  /** Nothing is told afterwards. */
  async close(): Promise<void> {
    this.#over.abort()
    await this.#running
  }

  async #run(follow: Follow, failed: (error: unknown) => void): Promise<void> {
    const { signal: over } = this.#over
    while (!over.aborted) {
      this.#again = new AbortController()
      const signal = AbortSignal.any([over, this.#again.signal])
      try {
        await follow(signal, this.#backoff)
      } catch (error) {
        if (signal.aborted) continue
        failed(error)
        await this.#backoff.pause(signal)
      }
    }
  }
}
