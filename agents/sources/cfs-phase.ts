import { setTimeout as delay } from 'node:timers/promises'
import type { Clock } from '../clock.ts'
import type { QuotaLevels } from './quota.ts'

/** Something under a quota, whose periods begin at moments that we want to know. */
export type Phased = {
  readonly quota: QuotaLevels | undefined
  /** Wall clock ms of some start of a period. Written here. */
  periodStartMs: number | undefined
}

/** Between two looks. */
const everyMs = 5000

/**
 * A start is looked for again after this long: the phase stays within 0.6 ms over minutes, also across
 * idle times, and a quota that is set anew forgets it.
 */
const goodForMs = 60_000

/** The usual period of 100 ms and some: a group that has nothing to run begins none. */
const patienceMs = 130

/** Between two looks; that is also how well a start is known. */
const stepMs = 1

/** A look that came later than this after the last tells too little. */
const maxGapMs = 3

/** The wall clock was set when it moved against the other by more than two readings can be apart, ms. */
const setByMs = 5

/**
 * Finds out when the CFS periods of groups begin, by looking at `nr_periods` each millisecond until
 * it moves. The start lies between two looks.
 */
export class CfsPhases {
  readonly #clock: Clock
  /** Each with its count of periods at the last look for it. */
  readonly #followed = new Map<Phased, number | undefined>()
  readonly #stop = new AbortController()
  #isLooking = false
  /** Wall clock − the clock that never goes back. */
  #offsetMs: number
  #lookedAtMs = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
    this.#offsetMs = clock.wallMs() - clock.nowMs()
  }

  follow(phased: Phased): void {
    this.#followed.set(phased, undefined)
  }

  unfollow(phased: Phased): void {
    this.#followed.delete(phased)
  }

  /** Starts the next look when it is due. */
  refresh(): void {
    this.#heedSetClock()
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

  /** Starts are told in wall clock time: once that is set, they are set with it. */
  #heedSetClock(): void {
    const offsetMs = this.#clock.wallMs() - this.#clock.nowMs()
    const byMs = offsetMs - this.#offsetMs
    if (Math.abs(byMs) <= setByMs) return
    this.#offsetMs = offsetMs
    for (const phased of this.#followed.keys()) {
      if (phased.periodStartMs !== undefined) phased.periodStartMs += byMs
    }
  }

  /** The counts of those whose start is not known well enough, and that do begin periods. */
  #counts(): Map<Phased, number> {
    const counts = new Map<Phased, number>()
    const nowMs = this.#clock.wallMs()
    for (const [phased, before] of this.#followed) {
      if (nowMs - (phased.periodStartMs ?? Number.NEGATIVE_INFINITY) < goodForMs) continue
      const count = periodsOf(phased)
      this.#followed.set(phased, count)
      // One that idled since the last look would be waited for in vain.
      if (count !== undefined && count !== before) counts.set(phased, count)
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
          this.#heedSetClock()
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
