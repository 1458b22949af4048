import type { Work, WorkKind } from './work.ts'

/**
 * How sure it is that a call's latency was its own work: `calm` is what a median is made of, `faint`
 * better than nothing.
 */
export const evidence = { none: 0, faint: 1, weak: 2, calm: 3 } as const
export type Evidence = (typeof evidence)[keyof typeof evidence]

/**
 * A refined key has figures of its own after so many calls: their median, whatever they went through.
 * Before, it has its method's, which can be wrong by a factor of 100.
 */
const enough = 8

/** Weak evidence counts when there was no calm one in so many calls: some calls never find calm. */
const calmIsLost = 32

/** A step of the running median, as a share: large while little is known, never below 1 %. */
const firstStep = 0.3
const leastStep = 0.01

const leastMs = 0.01

/** Seen before {@link enough} is reached, it is trusted as much as this many calls. */
const priorCalls = 4

/**
 * The work of all calls of one key, whose figures move as calls end. A running median: the figure
 * goes up by a small share when a call took longer and down when it took less, so that half the
 * calls take longer whatever the rest is like. A call that was stalled moves it by one step.
 */
export class LearnedWork implements Work {
  readonly key: string
  readonly kind: WorkKind
  /** The method's, where this is a refinement of it. */
  readonly method: LearnedWork | null
  /** Small number of the method, for arrays; −1 where there are too many. */
  readonly index: number
  cpuMs: number
  diskMs: number
  /** Of all its time, the share that is the disk's. Written by the learner of shares. */
  diskShare: number
  /** Calls that moved it. */
  seen = 0
  /** Whether it was used again since its holder last looked. */
  isUsed = false
  #allMs: number
  #sinceCalm = 0
  /** The first calls of a refined key; null from then on. */
  #firstMs: Float64Array | null

  constructor(
    key: string,
    kind: WorkKind,
    cpuMs: number,
    index: number,
    method: LearnedWork | null,
  ) {
    this.key = key
    this.kind = kind
    this.method = method
    this.index = index
    this.cpuMs = method === null ? cpuMs : method.cpuMs
    this.diskMs = method === null ? 0 : method.diskMs
    this.diskShare = method === null ? 0 : method.diskShare
    this.#allMs = this.cpuMs + this.diskMs
    this.#firstMs = method === null ? null : new Float64Array(enough)
  }

  /** A node granted a call of this key `tookMs`. */
  learn(tookMs: number, how: Evidence): void {
    this.method?.learn(tookMs, how)
    if (this.#firstMs !== null) {
      if (how !== evidence.none) this.#begin(this.#firstMs, tookMs)
      return
    }
    if (how === evidence.calm) this.#sinceCalm = 0
    else this.#sinceCalm += 1
    if (how < evidence.weak || (how === evidence.weak && this.#sinceCalm < calmIsLost)) return
    const step = Math.max(firstStep / Math.sqrt(this.seen + priorCalls), leastStep)
    this.seen += 1
    this.#allMs = Math.max(leastMs, this.#allMs * Math.exp(tookMs > this.#allMs ? step : -step))
    this.publish()
  }

  /** Makes known what was learned, or the method's figures while that is too little. */
  publish(): void {
    const { method } = this
    const isKnown = method === null || this.#firstMs === null
    const allMs = isKnown ? this.#allMs : method.cpuMs + method.diskMs
    this.diskShare = method?.diskShare ?? this.diskShare
    this.diskMs = allMs * this.diskShare
    this.cpuMs = allMs - this.diskMs
  }

  #begin(firstMs: Float64Array, tookMs: number): void {
    firstMs[this.seen] = tookMs
    this.seen += 1
    if (this.seen === enough) {
      firstMs.sort()
      this.#allMs = Math.max(leastMs, firstMs[enough >> 1] ?? tookMs)
      this.#firstMs = null
    }
    this.publish()
  }
}
