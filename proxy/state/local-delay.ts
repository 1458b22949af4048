import { maxIndexed } from './costs.ts'
import { LearnedWork } from './learned-work.ts'
import type { Work } from './work.ts'

/** The last calls of a method: the median of so many is what they take here. */
const kept = 20

/** What is below this, and below the call's own cost, is chance. */
const leastMs = 0.5

/** Without evidence it fades: a node that is avoided could never show that it has recovered. */
const fadeTauMs = 15_000

const mostMs = 60_000

/**
 * How much longer calls of a method take on one node than in the fleet: its disk is slow, or cold, or
 * far away. The median of the last few, so that a node that became slow is known after some calls, and
 * stalls, which few of them meet, say nothing.
 */
export class LocalDelay {
  /** By method: what its last calls took beyond their cost, the oldest overwritten first. */
  readonly #lastMs = new Float64Array(maxIndexed * kept)
  readonly #count = new Uint32Array(maxIndexed)
  readonly #extraMs = new Float64Array(maxIndexed)
  readonly #learnedMs = new Float64Array(maxIndexed)
  readonly #sorted = new Float64Array(kept)
  #isEmpty = true

  /** A call was granted `tookMs` on this node. */
  learn(work: LearnedWork, tookMs: number, nowMs: number): void {
    const { index } = work
    if (index < 0) return
    const count = this.#count[index] ?? 0
    this.#lastMs[index * kept + (count % kept)] = tookMs - (work.cpuMs + work.diskMs)
    this.#count[index] = count + 1
    if (count + 1 < kept) return
    const extraMs = this.#median(index)
    this.#extraMs[index] = Math.min(mostMs, Math.max(0, extraMs))
    this.#learnedMs[index] = nowMs
    this.#isEmpty &&= extraMs <= 0
  }

  /** Milliseconds beyond what `work` is said to cost. */
  of(work: Work, nowMs: number): number {
    if (this.#isEmpty || !(work instanceof LearnedWork)) return 0
    const { index } = work
    if (index < 0 || this.#extraMs[index] === 0) return 0
    const extraMs = this.#fadedMs(index, nowMs)
    return extraMs < leastMs || extraMs < work.cpuMs + work.diskMs ? 0 : extraMs
  }

  /** Sorted by insertion: of so few that is the quickest, and it allocates nothing. */
  #median(index: number): number {
    const sorted = this.#sorted
    for (let i = 0; i < kept; i++) {
      const value = this.#lastMs[index * kept + i] ?? 0
      let at = i
      for (; at > 0 && (sorted[at - 1] ?? 0) > value; at--) sorted[at] = sorted[at - 1] ?? 0
      sorted[at] = value
    }
    return sorted[(kept - 1) >> 1] ?? 0
  }

  #fadedMs(index: number, nowMs: number): number {
    return (
      (this.#extraMs[index] ?? 0) * Math.exp(((this.#learnedMs[index] ?? 0) - nowMs) / fadeTauMs)
    )
  }
}
