import type { Clock } from './clock.ts'

export type CadenceOptions = {
  /** Milliseconds between two beats. */
  readonly intervalMs: number
  readonly clock: Clock
  /** Called on each beat, and between two when it is wanted earlier. */
  readonly beat: () => void
  /** Called between two beats; true when the next should not be waited for. */
  readonly isWantedNow: () => boolean
  /** Told how many milliseconds after it was due each beat of the rhythm began. */
  readonly onLate: (lateMs: number) => void
}

/** Between two looks for what moved; half of the usual interval. */
const lookMs = 125

/** Two beats are at least this far apart, whoever wants them. */
const leastMs = 20

/**
 * A rhythm that does not drift: each beat is due a whole number of intervals after the first, and
 * those that a busy machine made it miss are left out, not made up for.
 */
export class Cadence {
  readonly #options: CadenceOptions
  /** Looks and beats in one interval. */
  readonly #steps: number
  readonly #stepMs: number
  #timer: NodeJS.Timeout | undefined
  #nudged: NodeJS.Timeout | undefined
  #dueMs = 0
  #step = 0
  #beatAtMs = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(options: CadenceOptions) {
    this.#options = options
    this.#steps = Math.max(1, Math.round(options.intervalMs / lookMs))
    this.#stepMs = options.intervalMs / this.#steps
  }

  /** Beats once, at once, and from then on in rhythm. */
  start(): void {
    this.#dueMs = this.#options.clock.nowMs()
    this.#beat()
    this.#wait()
  }

  /** Asks for a beat as soon as one may be. */
  nudge(): void {
    if (this.#isClosed || this.#nudged !== undefined) return
    const sinceMs = this.#options.clock.nowMs() - this.#beatAtMs
    this.#nudged = setTimeout(() => this.#beat(), Math.max(0, leastMs - sinceMs))
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearTimeout(this.#nudged)
  }

  #wait(): void {
    this.#step += 1
    this.#dueMs += this.#stepMs
    const nowMs = this.#options.clock.nowMs()
    this.#timer = setTimeout(() => this.#pass(), Math.max(1, this.#dueMs - nowMs))
  }

  /** A step on which a beat was due, or that came after one was missed, is a beat. */
  #pass(): void {
    const { clock, isWantedNow, onLate } = this.#options
    const nowMs = clock.nowMs()
    const missed = Math.max(0, Math.floor((nowMs - this.#dueMs) / this.#stepMs))
    this.#step += missed
    this.#dueMs += missed * this.#stepMs
    const sinceBeat = this.#step % this.#steps
    if (sinceBeat <= missed) {
      onLate(Math.max(0, nowMs - this.#dueMs + sinceBeat * this.#stepMs))
      this.#beat()
    } else if (isWantedNow()) {
      this.#beat()
    }
    if (!this.#isClosed) this.#wait()
  }

  #beat(): void {
    clearTimeout(this.#nudged)
    this.#nudged = undefined
    this.#beatAtMs = this.#options.clock.nowMs()
    this.#options.beat()
  }
}
