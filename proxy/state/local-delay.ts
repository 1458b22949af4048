import { maxIndexed } from './costs.ts'
import { LearnedWork } from './learned-work.ts'
import type { Work } from './work.ts'

/** One call moves the median by so much: a tenth of itself, or a tenth of a millisecond. */
const stepShare = 0.1
const leastStepMs = 0.1

/** What is below this, and below the call's own cost, is chance. */
const leastMs = 0.5

/** Without evidence it fades: a node that is avoided could never show that it has recovered. */
const fadeTauMs = 15_000

const mostMs = 60_000

/**
 * How much longer calls of a method take on one node than in the fleet, when nothing stands in
 * their way: its disk is slow, or cold, or far away. A running median for each method.
 */
export class LocalDelay {
  readonly #extraMs = new Float64Array(maxIndexed)
  readonly #learnedMs = new Float64Array(maxIndexed)
  #isEmpty = true

  /** A call took `tookMs` on this node, left alone. */
  learn(work: LearnedWork, tookMs: number, nowMs: number): void {
    const { index } = work
    if (index < 0) return
    const extraMs = this.#fadedMs(index, nowMs)
    const step = Math.max(leastStepMs, stepShare * extraMs)
    const above = tookMs - (work.cpuMs + work.diskMs) > extraMs
    this.#extraMs[index] = Math.min(mostMs, Math.max(0, extraMs + (above ? step : -step)))
    this.#learnedMs[index] = nowMs
    this.#isEmpty &&= !above
  }

  /** Milliseconds beyond what `work` is said to cost. */
  of(work: Work, nowMs: number): number {
    if (this.#isEmpty || !(work instanceof LearnedWork)) return 0
    const { index } = work
    if (index < 0 || this.#extraMs[index] === 0) return 0
    const extraMs = this.#fadedMs(index, nowMs)
    return extraMs < leastMs || extraMs < work.cpuMs + work.diskMs ? 0 : extraMs
  }

  #fadedMs(index: number, nowMs: number): number {
    const extraMs = this.#extraMs[index] ?? 0
    if (extraMs === 0) return 0
    return extraMs * Math.exp(((this.#learnedMs[index] ?? 0) - nowMs) / fadeTauMs)
  }
}
