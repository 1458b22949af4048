import { Histogram } from '../stats/histogram.ts'

/** Ten looks a second: 1 ms resolution, as `monitorEventLoopDelay` offers, costs 2 % of a core. */
const everyMs = 100

/** Upper bounds in seconds; what is later than 5 s falls into the last bucket, which has none. */
const lagBounds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]

/**
 * How late this process runs what is due, from a timer that looks at its own lateness. The looks
 * are evenly spaced in time, so their quantiles are those of a call that arrives at any moment.
 */
export class EventLoopLag {
  /** Lateness in seconds, one value a look. */
  readonly seconds = new Histogram(lagBounds)
  readonly #timer: NodeJS.Timeout
  #dueMs = performance.now() + everyMs

  constructor() {
    this.#timer = setInterval(() => this.#look(), everyMs).unref()
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const nowMs = performance.now()
    this.seconds.observe(Math.max(0, nowMs - this.#dueMs) / 1000)
    this.#dueMs = nowMs + everyMs
  }
}
