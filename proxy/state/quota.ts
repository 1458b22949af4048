import type { CallsInFlight } from './calls-in-flight.ts'
import { coresLeft, type NodeBelief } from './node-belief.ts'
import type { PeriodPhase } from './period-phase.ts'
import type { Physics } from './physics.ts'
import { diskCost } from './processor-sharing.ts'
import { lightMs, type Work } from './work.ts'

/** Go's scheduler lets a call run for about so long before another's turn. 10 ms was worse (4 %). */
const goSliceMs = 5

/** CFS hands quota to CPUs in slices of 5 ms, so that the last of it is never all spent. */
const marginMs = 2
const maxMarginShare = 0.3

/** A light call that is out for so long after a silence of as long finds no quota left. */
const silentMs = 4

/** A call that ended had quota: believed to be left of it, where nothing was. */
const proofShare = 0.1

/** A call of ours delays others by this much for each call in flight and core, ms. */
const jobMs = 1

/** More periods than these are walked in one step. */
const maxWalk = 16

/**
 * A node under a CFS quota: in each period it may use Q = C · P of CPU and then stands still until
 * the next begins, so that what decides is the quota *left*, not a mean share. Kept is a virtual
 * node: quota left q and, through `servedMs`, the work left of each call. With r the work left and
 * a the new call's,
 *
 *     W = a + Σ min(r, max(a, 5 ms))     rate = min(threads, k + 1)     q′ = q − min(2 ms, 0.3 Q)
 *     own = W ÷ rate                                         where W (1 + B ÷ rate) ≤ q′
 *         = until the next period + ⌊R ÷ Qe⌋ P + (R mod Qe) ÷ rate     with R = W − q′ ÷ (1 + B ÷ rate)
 *     cost = own + Σ min(r, a) ÷ C_left + 1 ms · k ÷ C       with Qe = C_left P, C_left = max(0.08 C, C − B)
 */
export class Quota implements Physics {
  readonly #calls: CallsInFlight
  readonly #belief: NodeBelief
  readonly #phase: PeriodPhase
  #quotaMs = Number.POSITIVE_INFINITY
  #periodMs = 100
  #threads = 2
  #leftMs = 0
  #nowMs = 0
  #nextStartMs = 0
  #endedAtMs = Number.NEGATIVE_INFINITY

  constructor(calls: CallsInFlight, belief: NodeBelief, phase: PeriodPhase) {
    this.#calls = calls
    this.#belief = belief
    this.#phase = phase
  }

  /** CPU milliseconds believed to be left of this period. */
  get leftMs(): number {
    return this.#leftMs
  }

  /**
   * Sets the limits, all above 0; they count from now on.
   * @param quotaMs CPU ms in each period; infinite where there is no quota
   * @param cores what it may use on average
   */
  limit(quotaMs: number, periodMs: number, cores: number): void {
    if (quotaMs !== this.#quotaMs) this.#leftMs = Math.min(this.#leftMs, quotaMs)
    this.#quotaMs = quotaMs
    this.#periodMs = periodMs
    // Go 1.25 and later: GOMAXPROCS is the quota in cores, rounded up, and 2 at least.
    this.#threads = Math.max(2, Math.ceil(cores))
  }

  /** Takes over what is known of when periods begin. */
  rephase(nowMs: number): void {
    this.#nextStartMs = nowMs + this.#phase.untilNextMs(nowMs)
  }

  begin(nowMs: number): void {
    this.#nowMs = nowMs
    this.#leftMs = this.#quotaMs
    this.rephase(nowMs)
  }

  advance(nowMs: number): void {
    if (!(nowMs > this.#nowMs)) return
    this.#skip(nowMs)
    while (this.#nextStartMs <= nowMs) {
      this.#serve(this.#nextStartMs - this.#nowMs)
      this.#nowMs = this.#nextStartMs
      this.#leftMs = this.#quotaMs
      this.#nextStartMs += this.#periodMs
    }
    this.#serve(nowMs - this.#nowMs)
    this.#nowMs = nowMs
    if (this.#calls.count > 0 && this.#leftMs > 0 && this.#isStalled(nowMs)) this.#leftMs = 0
  }

  ended(nowMs: number): void {
    this.#endedAtMs = nowMs
    if (this.#leftMs <= 0) this.#leftMs = proofShare * this.#quotaMs
  }

  forecast(work: Work, extraMs: number): number {
    const calls = this.#calls
    const belief = this.#belief
    const a = work.cpuMs
    const longestMs = Math.max(a, goSliceMs)
    let overlapMs = 0
    let delayedMs = 0
    const { count, needMs, leastMs, cpuShare, servedMs } = calls
    for (let i = 0; i < count; i++) {
      const r = Math.max(leastMs[i] ?? 0, (needMs[i] ?? 0) - (cpuShare[i] ?? 0) * servedMs)
      overlapMs += Math.min(r, longestMs)
      delayedMs += Math.min(r, a)
    }
    const left = coresLeft(belief)
    const own = this.#endsInMs(a + overlapMs + belief.failedMs, left)
    const others = (delayedMs + belief.failedMs) / left
    const jobs = (jobMs * (count + belief.failedCalls)) / belief.cores
    return own + others + jobs + diskCost(work.diskMs + extraMs, calls, belief)
  }

  hasRoomFor(work: Work): boolean {
    return this.#leftMs > 2 * work.cpuMs
  }

  ownDelayMs(work: Work): number {
    const calls = this.#calls
    const longestMs = Math.max(work.cpuMs, goSliceMs)
    let workMs = work.cpuMs
    for (let i = 0; i < calls.count; i++) {
      workMs += Math.min(longestMs, calls.leftMs(calls.slots[i] ?? 0))
    }
    return this.#endsInMs(workMs, coresLeft(this.#belief)) + work.diskMs
  }

  /** Milliseconds until `workMs` of CPU, together with what others use, have been served. */
  #endsInMs(workMs: number, coresLeftForUs: number): number {
    const rate = Math.min(this.#threads, this.#calls.cpuShares + 1)
    const use = 1 + this.#belief.othersCores / rate
    const margin = Math.min(marginMs, maxMarginShare * this.#quotaMs)
    const quotaMs = Math.max(0, this.#leftMs * this.#belief.trust - margin)
    const atOnceMs = workMs / rate
    if (workMs * use <= quotaMs) return atOnceMs
    const perPeriodMs = coresLeftForUs * this.#periodMs
    const restMs = workMs - quotaMs / use
    const periods = Math.floor(restMs / perPeriodMs)
    const untilNextMs = this.#nextStartMs - this.#nowMs
    const lastMs = (restMs - periods * perPeriodMs) / rate
    // Quota left over from an idle beginning of the period does not make the CPU faster.
    return Math.max(atOnceMs, untilNextMs + periods * this.#periodMs + lastMs)
  }

  /** Serves `dtMs` within one period. */
  #serve(dtMs: number): void {
    const { cpuShares } = this.#calls
    const rate = Math.min(this.#threads, cpuShares)
    const draw = rate + this.#belief.othersCores
    if (draw <= 0 || this.#leftMs <= 0 || dtMs <= 0) return
    const runMs = Math.min(dtMs, this.#leftMs / draw)
    this.#leftMs = runMs < dtMs ? 0 : this.#leftMs - runMs * draw
    if (cpuShares > 0) this.#calls.servedMs += (runMs * rate) / cpuShares
  }

  /** Serves many whole periods at once, so that an idle hour is not walked period by period. */
  #skip(nowMs: number): void {
    const periods = Math.floor((nowMs - this.#nextStartMs) / this.#periodMs)
    if (periods <= maxWalk) return
    const { cpuShares } = this.#calls
    const rate = Math.min(this.#threads, cpuShares)
    const draw = rate + this.#belief.othersCores
    if (cpuShares > 0) {
      const runMs = Math.min(this.#periodMs, this.#quotaMs / draw)
      this.#calls.servedMs += (periods * runMs * rate) / cpuShares
    }
    this.#nextStartMs += periods * this.#periodMs
    this.#nowMs = this.#nextStartMs - this.#periodMs
    this.#leftMs = this.#quotaMs
  }

  /**
   * Whether calls in flight show that the quota is gone: one so light that it should have ended
   * long ago, sent in this period, and nothing else ended since.
   */
  #isStalled(nowMs: number): boolean {
    const { rttMs } = this.#belief
    if (nowMs - this.#endedAtMs < silentMs + rttMs) return false
    const calls = this.#calls
    const periodBeganMs = this.#nextStartMs - this.#periodMs
    for (let i = 0; i < calls.count; i++) {
      const slot = calls.slots[i] ?? 0
      const cpuMs = calls.cpuMs[slot] ?? 0
      const startedMs = calls.startedMs[slot] ?? 0
      if (cpuMs + (calls.diskMs[slot] ?? 0) > lightMs || startedMs < periodBeganMs) continue
      if (nowMs - startedMs > rttMs + silentMs + 3 * cpuMs * calls.count) return true
    }
    return false
  }
}
