import { Worker } from 'node:worker_threads'

/** What the pacing thread is given: see {@link Pacer}. */
export type PacerOrder = {
  readonly dueMs: Float64Array
  /** Ms since 1970 with fractions: the time that `dueMs` counts from, the same in all threads. */
  readonly originMs: number
  /** One word; not 0 once the thread is to end. */
  readonly stop: Int32Array
}

/**
 * Says when each of many moments has come, within about 0.2 ms.
 *
 * Node's timers count whole milliseconds and fire 0.6 ms late in the middle, 1.2 ms at p99; that
 * would be added to every latency counted from an intended start. A thread of its own that waits on
 * a futex and then rings is 0.16 ms late (p99 0.7 ms), for 40 µs of CPU per ring.
 */
export class Pacer {
  readonly #dueMs: Float64Array
  readonly #originMs: number
  readonly #stop = new Int32Array(new SharedArrayBuffer(4))
  readonly #thread: Worker

  /**
   * @param dueMs growing, milliseconds from `originMs`
   * @param originMs on the clock of {@link wallMs}
   * @param onRing called once for each moment, after it has come; several may have come by then
   * @param onLost called when the thread failed and will ring no more
   */
  constructor(
    dueMs: Float64Array,
    originMs: number,
    onRing: () => void,
    onLost: (error: Error) => void,
  ) {
    this.#dueMs = dueMs
    this.#originMs = originMs
    const order: PacerOrder = { dueMs, originMs, stop: this.#stop }
    this.#thread = new Worker(new URL('./pacer-thread.ts', import.meta.url), { workerData: order })
    this.#thread.on('message', onRing)
    this.#thread.on('error', onLost)
  }

  /** Whether moment `index` has come. */
  isDue(index: number): boolean {
    const due = this.#dueMs[index]
    return due !== undefined && due <= wallMs() - this.#originMs
  }

  async close(): Promise<void> {
    Atomics.store(this.#stop, 0, 1)
    Atomics.notify(this.#stop, 0)
    await this.#thread.terminate()
  }
}

/** Ms since 1970 with fractions, never going back, comparable between the threads of a process. */
export function wallMs(): number {
  return performance.timeOrigin + performance.now()
}
