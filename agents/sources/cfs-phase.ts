import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { QuotaLevels } from './quota.ts'

/** Something under a quota, whose periods begin at moments that we want to know. */
export type Phased = {
  readonly quota: QuotaLevels | undefined
  /** Wall clock ms of some start of a period. Written here. */
  periodStartMs: number | undefined
}

/** The phase stays within 0.6 ms over minutes, also across idle times. */
const everyMs = 5000

/** The usual period of 100 ms and some: a group that has nothing to run begins none. */
const patienceMs = 130

/** Between two looks; that is also how well a start is known. */
const stepMs = 1

/** A look that came later than this after the last tells too little. */
const maxGapMs = 3

/**
 * Finds out when the CFS periods of groups begin, by looking at `nr_periods` each millisecond until
 * it moves. The start lies between two looks. About 0.1 % of a core for eight groups.
 */
export class CfsPhases {
  readonly #clock: Clock
  readonly #followed = new Set<Phased>()
  readonly #stop = new AbortController()
  #isLooking = false
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  follow(phased: Phased): void {
    this.#followed.add(phased)
  }

  unfollow(phased: Phased): void {
    this.#followed.delete(phased)
  }

  /** Starts the next look when it is due. */
  refresh(): void {
    if (this.#isLooking || this.#clock.nowMs() - this.#lookedAtMs < everyMs) return
    const counts = this.#counts()
    if (counts.size === 0) return
    this.#isLooking = true
    void this.look(counts).finally(() => {
      this.#isLooking = false
      this.#lookedAtMs = this.#clock.nowMs()
    })
  }

  close(): void {
    this.#stop.abort()
    this.#followed.clear()
  }

  #counts(): Map<Phased, number> {
    const counts = new Map<Phased, number>()
    for (const phased of this.#followed) {
      const count = periodsOf(phased)
      if (count !== undefined) counts.set(phased, count)
    }
    return counts
  }

  /** Looks until every count has moved, or none has for a period and some. */
  async look(counts: Map<Phased, number> = this.#counts()): Promise<void> {
    const startMs = this.#clock.nowMs()
    let beforeMs = startMs
    while (counts.size > 0 && beforeMs - startMs < patienceMs && !this.#stop.signal.aborted) {
      await delay(stepMs)
      const nowMs = this.#clock.nowMs()
      for (const [phased, count] of counts) {
        const now = this.#followed.has(phased) ? periodsOf(phased) : undefined
        if (now === count) continue
        // Its count moved, or it is gone; either way it is done for this time.
        counts.delete(phased)
        const gapMs = nowMs - beforeMs
        if (now !== undefined && gapMs <= maxGapMs) {
          phased.periodStartMs = this.#clock.wallMs() - gapMs / 2
        }
      }
      beforeMs = nowMs
    }
  }
}

function periodsOf(phased: Phased): number | undefined {
  try {
    return phased.quota?.periods()
  } catch {
    return undefined // It has ended, or cannot be read, which the reading of the node itself tells.
  }
}
