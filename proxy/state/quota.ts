import { type CallsInFlight, lightLeastMs } from './calls-in-flight.ts'
import { coresLeft, type NodeBelief } from './node-belief.ts'
import type { PeriodPhase } from './period-phase.ts'
import type { Physics } from './physics.ts'
import { diskCost } from './processor-sharing.ts'
import type { Work } from './work.ts'

/**
 * Go's scheduler lets a call run for about so long before another's turn. Of 1 to 12 ms the one that
 * foretold 160,000 calls on real Geths best, with all that stands below (the README, diary).
 */
const goSliceMs = 3

/**
 * What is left of a quota is known to so many milliseconds, whatever its size, and less well the more
 * others take of it, who come in bursts: their share of a period. The odds of no stall where nothing
 * is believed to be over are 2 to 1, and e times that for each such doubt. Of 90,000 calls on real
 * Geths (the README, diary).
 */
const doubtMs = 4
const othersDoubt = 0.3
const enoughOdds = 2

/** With so many doubts left over a stall is not reckoned with: 1 of 2,000. */
const surely = 7

/**
 * Where a light call has had more service than it needs, whoever comes will wait for so much of that
 * time again: beside one that was 7 to 20 ms late, light calls took 10 to 13 ms on real Geths, beside
 * a fresh one 4.6. At most a period counts: what is later than that waits for something else. What
 * heavy calls cost varies too much to say anything (with them, B5 of the study was 1.04 for 1.00).
 */
const overdueShare = 0.5

/** A call that ended had quota: believed to be left of it, where nothing was. */
const proofShare = 0.1

/** A call of ours delays others by this much for each call in flight and core, ms. */
const jobMs = 1

/**
 * ... and is delayed itself by what each call brings beside its work, so that of idle nodes the larger
 * is the better: light calls took 2.2, 1.8, 1.5 and 1.4 ms on idle Geths of 0.15 to 0.6 cores.
 */
const ownJob = 0.3

/** More periods than these are walked in one step. */
const maxWalk = 16

/**
 * A node under a CFS quota: in each period it may use Q = C · P of CPU and then stands still until
 * the next begins, so that what decides is the quota *left*, not a mean share. Kept is a virtual
 * node: quota left q and, through `servedMs`, the work left of each call. With r the work left, a the
 * new call's and d the CPU that a node uses in a millisecond in which a call is believed to run,
 *
 *     W = a + Σ min(r, max(a, 3 ms))     rate = min(threads, k + 1)     use = d + B ÷ rate
 *     once = W ÷ rate     spare = q − W · use     p = 1 ÷ (1 + 2 exp(spare ÷ (4 ms + 0.3 B P)))
 *     late = until the next period + ⌊R ÷ Qe⌋ P + (R mod Qe) ÷ rate     with R = max(0, W − q ÷ use)
 *     own = (1 − p) once + p max(once, late) + 0.5 min(P, late light calls' s − a − rtt)     s: service had
 *     cost = own + d Σ min(r, a) ÷ C_left + 1 ms (k + 0.3) ÷ C     with C_left = max(0.08 C, C − B), Qe = C_left P ÷ d
 */
export class Quota implements Physics {
  readonly #calls: CallsInFlight
  readonly #belief: NodeBelief
  readonly #phase: PeriodPhase
  #quotaMs = Number.POSITIVE_INFINITY
  #periodMs = 100
  #threads = 1
  #leftMs = 0
  #nowMs = 0
  #nextStartMs = 0
  #ranMs = 0

  constructor(calls: CallsInFlight, belief: NodeBelief, phase: PeriodPhase) {
    this.#calls = calls
    this.#belief = belief
    this.#phase = phase
  }

  /** Milliseconds that calls are believed to have run, all together, since the node is known. */
  get ranMs(): number {
    return this.#ranMs
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
    // Go 1.25 and later runs two threads at least, but below one core the second is taken by its
    // collector and its poller: with two, calls were foretold worse on Geths of 0.15 to 0.6 cores.
    this.#threads = Math.max(1, Math.ceil(cores))
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
  }

  ended(): void {
    if (this.#leftMs <= 0) this.#leftMs = proofShare * this.#quotaMs
  }

  forecast(work: Work, extraMs: number): number {
    const calls = this.#calls
    const belief = this.#belief
    const a = work.cpuMs
    const longestMs = Math.max(a, goSliceMs)
    let overlapMs = 0
    let delayedMs = 0
    let lateMs = 0
    const { count, needMs, leastMs, cpuShare, servedMs } = calls
    for (let i = 0; i < count; i++) {
      const leftMs = (needMs[i] ?? 0) - (cpuShare[i] ?? 0) * servedMs
      const floorMs = leastMs[i] ?? 0
      const r = Math.max(floorMs, leftMs)
      if (floorMs <= lightLeastMs && lateMs < -leftMs) lateMs = -leftMs
      overlapMs += Math.min(r, longestMs)
      delayedMs += Math.min(r, a)
    }
    const left = coresLeft(belief)
    const own = this.#endsInMs(a + overlapMs + belief.failedMs, left)
    const others = (belief.draw * (delayedMs + belief.failedMs)) / left
    const jobs = (jobMs * (ownJob + count + belief.failedCalls)) / belief.cores
    const overdueMs = Math.max(0, Math.min(this.#periodMs, lateMs - belief.rttMs))
    return (
      own +
      overdueShare * overdueMs +
      others +
      jobs +
      diskCost(work.diskMs + extraMs, calls, belief)
    )
  }

  hasRoomFor(work: Work): boolean {
    return this.#leftMs > 2 * work.cpuMs * this.#belief.draw
  }

  /** Milliseconds until `workMs` of CPU, together with what others use, have been served. */
  #endsInMs(workMs: number, coresLeftForUs: number): number {
    const { draw, othersCores, trust } = this.#belief
    const rate = Math.min(this.#threads, this.#calls.cpuShares + 1)
    const use = draw + othersCores / rate
    const quotaMs = this.#leftMs * trust
    const atOnceMs = workMs / rate
    const spareMs = quotaMs - workMs * use
    const doubt = doubtMs + othersDoubt * othersCores * this.#periodMs
    if (spareMs > surely * doubt) return atOnceMs
    const perPeriodMs = (coresLeftForUs * this.#periodMs) / draw
    const restMs = Math.max(0, workMs - quotaMs / use)
    const periods = Math.floor(restMs / perPeriodMs)
    const untilNextMs = this.#nextStartMs - this.#nowMs
    const lastMs = (restMs - periods * perPeriodMs) / rate
    // Quota left over from an idle beginning of the period does not make the CPU faster.
    const stalledMs = Math.max(atOnceMs, untilNextMs + periods * this.#periodMs + lastMs)
    const stallChance = 1 / (1 + enoughOdds * Math.exp(spareMs / doubt))
    return atOnceMs + stallChance * (stalledMs - atOnceMs)
  }

  /** Serves `dtMs` within one period. */
  #serve(dtMs: number): void {
    const { cpuShares } = this.#calls
    const rate = Math.min(this.#threads, cpuShares)
    const use = rate * this.#belief.draw + this.#belief.othersCores
    if (use <= 0 || this.#leftMs <= 0 || dtMs <= 0) return
    const runMs = Math.min(dtMs, this.#leftMs / use)
    this.#leftMs = runMs < dtMs ? 0 : this.#leftMs - runMs * use
    if (cpuShares > 0) this.#served(runMs * rate)
  }

  /** Calls ran for `ms` in all, shared evenly. */
  #served(ms: number): void {
    this.#ranMs += ms
    this.#calls.servedMs += ms / this.#calls.cpuShares
  }

  /** Serves many whole periods at once, so that an idle hour is not walked period by period. */
  #skip(nowMs: number): void {
    const periods = Math.floor((nowMs - this.#nextStartMs) / this.#periodMs)
    if (periods <= maxWalk) return
    const { cpuShares } = this.#calls
    const rate = Math.min(this.#threads, cpuShares)
    const use = rate * this.#belief.draw + this.#belief.othersCores
    if (cpuShares > 0) this.#served(periods * rate * Math.min(this.#periodMs, this.#quotaMs / use))
    this.#nextStartMs += periods * this.#periodMs
    this.#nowMs = this.#nextStartMs - this.#periodMs
    this.#leftMs = this.#quotaMs
  }
}
