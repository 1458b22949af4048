import type { NodeReport } from '../../agents/report.ts'
import { CallsInFlight } from './calls-in-flight.ts'
import type { Costs } from './costs.ts'
import { Failures } from './failures.ts'
import { type Evidence, evidence, LearnedWork } from './learned-work.ts'
import { LocalDelay } from './local-delay.ts'
import type { NodeBelief } from './node-belief.ts'
import type { Observer } from './observer.ts'
import { PeriodPhase } from './period-phase.ts'
import type { Physics } from './physics.ts'
import { ProcessorSharing } from './processor-sharing.ts'
import { Quota } from './quota.ts'
import { maxShared } from './resource-shares.ts'
import { RoundTrip } from './round-trip.ts'
import type { Rung } from './rung.ts'
import { SlowStart } from './slow-start.ts'
import { type OwnUse, Surroundings } from './surroundings.ts'
import { type StateVector, unit } from './vector.ts'
import { isLight, lightMs, type Ticket, type Work } from './work.ts'

export type NodeObserverOptions = {
  /** Cores the operator declares; null: the agent says, or 1 is assumed. */
  readonly cores: number | null
  /** Physics: by what the agent reports, or always the same. */
  readonly choice: 'auto' | 'processor-sharing' | 'quota'
  /** What the nodes of the fleet learn together. */
  readonly costs: Costs
  /** Requests that the node's disk serves at once at full speed, where the operator says. */
  readonly disks?: number
}

/** Requests that an SSD serves at once at full speed, where nobody says. */
const usualDisks = 4

/** Bytes a second of one such request, where the disk's capacity is reported. */
const diskBytesPerS = 100_000_000

/** The kernel's own choice, ms. */
const usualPeriodMs = 100

/** Beliefs that change with time alone are brought up to date so often, ms. */
const refreshMs = 20

/**
 * A light call that took longer than this, after as long without an end, was stalled, ms. After 8 ms
 * more of them waited for a heavy one than for quota (real Geths), and they hid the phase.
 */
const stallMs = 25

/** Of the least latency seen, so much is the way there and back. */
const rttShare = 0.9

/**
 * What is believed of one node: its calls in flight, what others do to it, and the physics that
 * makes a latency of both. It begins as weighted least-connection, and calls in flight survive any
 * change of physics.
 */
export class NodeObserver implements Observer {
  readonly #options: NodeObserverOptions
  readonly #calls = new CallsInFlight()
  readonly #belief: NodeBelief
  readonly #surroundings: Surroundings
  readonly #failures = new Failures()
  readonly #slowStart = new SlowStart()
  readonly #local = new LocalDelay()
  readonly #phase = new PeriodPhase()
  readonly #sharing: ProcessorSharing
  readonly #quota: Quota
  #physics: Physics
  #rung: Rung
  #isCapacityKnown: boolean
  #hasQuota = false
  readonly #roundTrip = new RoundTrip()
  /** Since the last report; `cpuMs` of calls that have ended. */
  readonly #own: OwnUse = {
    cpuMs: 0,
    diskMs: 0,
    ranMs: 0,
    ended: new Float64Array(maxShared),
    isDiskOwn: false,
  }
  #usedMsBefore = 0
  #ranMsBefore = 0
  #refreshedMs = Number.NEGATIVE_INFINITY
  #endedAtMs = Number.NEGATIVE_INFINITY
  #nowMs = 0

  constructor(options: NodeObserverOptions) {
    this.#options = options
    this.#belief = {
      cores: options.cores ?? 1,
      disks: options.disks ?? usualDisks,
      othersCores: 0,
      lostCores: 0,
      othersDisks: 0,
      draw: 1,
      rttMs: 0,
      failedCalls: 0,
      failedMs: 0,
      trust: 1,
    }
    this.#surroundings = new Surroundings(this.#belief, options.costs)
    this.#sharing = new ProcessorSharing(this.#calls, this.#belief)
    this.#quota = new Quota(this.#calls, this.#belief, this.#phase)
    this.#physics = this.#sharing
    this.#isCapacityKnown = options.cores !== null
    this.#rung = this.#isCapacityKnown ? 'weighted' : 'unweighted'
  }

  /** How much is known of the node now. */
  get rung(): Rung {
    return this.#rung
  }

  report(report: NodeReport, nowMs: number, sentWallMs?: number): void {
    this.advance(nowMs)
    if (report.gone === true) {
      this.#surroundings.forget()
      this.#phase.forgetAgent()
      this.#slowStart.gone(nowMs)
    } else {
      const usedMs = this.#calls.usedMs()
      const own = this.#own
      const doneMs = own.cpuMs
      this.#takeCapacity(report, nowMs, sentWallMs)
      own.cpuMs += usedMs - this.#usedMsBefore
      own.ranMs = this.#hasQuota ? this.#quota.ranMs - this.#ranMsBefore : 0
      own.isDiskOwn = report.cap.disk !== undefined || this.#options.disks !== undefined
      if (!this.#surroundings.take(report, own, nowMs)) {
        own.cpuMs = doneMs
        return
      }
      own.cpuMs = 0
      own.diskMs = 0
      own.ended.fill(0)
      this.#usedMsBefore = usedMs
      this.#ranMsBefore = this.#quota.ranMs
      this.#slowStart.seen(nowMs)
    }
    this.#refresh(nowMs)
  }

  dispatch(work: Work, nowMs: number): Ticket {
    this.advance(nowMs)
    const how = this.#evidenceNow(work)
    const ticket = this.#calls.add(work, this.#local.of(work, this.#nowMs), nowMs)
    this.#calls.evidence[ticket] = how
    return ticket
  }

  settle(ticket: Ticket, failed: boolean, nowMs: number): void {
    this.advance(nowMs)
    const calls = this.#calls
    const cpuMs = calls.cpuMs[ticket] ?? 0
    const leftMs = calls.leftMs(ticket)
    const latencyMs = nowMs - (calls.startedMs[ticket] ?? nowMs)
    const grantedMs = calls.servedMs - (calls.servedMsBefore[ticket] ?? 0)
    const work = calls.works[ticket]
    calls.remove(ticket)
    if (failed) {
      this.#own.cpuMs += cpuMs - leftMs
      this.#failures.add(cpuMs, nowMs)
      this.#slowStart.failed(nowMs)
      this.#refresh(nowMs)
      return
    }
    this.#own.cpuMs += cpuMs
    this.#own.diskMs += calls.diskMs[ticket] ?? 0
    this.#slowStart.answered()
    this.#physics.ended()
    const wasLight = cpuMs + (calls.diskMs[ticket] ?? 0) <= lightMs
    this.#roundTrip.learn(latencyMs, cpuMs)
    this.#belief.rttMs = this.#roundTrip.ms
    if (work instanceof LearnedWork) this.#learn(work, calls.evidence[ticket], grantedMs, nowMs)
    const isStall = nowMs - this.#endedAtMs >= stallMs && latencyMs - this.#belief.rttMs >= stallMs
    if (wasLight && isStall) {
      this.#phase.stalled(nowMs)
      this.#quota.rephase(nowMs)
    }
    this.#endedAtMs = nowMs
  }

  abandon(ticket: Ticket, nowMs: number): void {
    this.advance(nowMs)
    const calls = this.#calls
    this.#own.cpuMs += (calls.cpuMs[ticket] ?? 0) - calls.leftMs(ticket)
    calls.remove(ticket)
  }

  joined(nowMs: number): void {
    this.#slowStart.joined(nowMs)
    this.#refresh(nowMs)
  }

  advance(nowMs: number): void {
    this.#nowMs = nowMs
    if (nowMs - this.#refreshedMs >= refreshMs) this.#refresh(nowMs)
    this.#physics.advance(nowMs)
  }

  forecast(work: Work): number {
    if (this.#rung === 'weighted' || this.#rung === 'unweighted') {
      const { failedCalls, cores, trust } = this.#belief
      const share = (this.#calls.count + failedCalls + 1) / (cores * trust)
      // In the order of shares, and a little more than a node that is known to be like this.
      return (work.cpuMs + work.diskMs) * (1 + 2 * share)
    }
    return this.#physics.forecast(work, this.#local.of(work, this.#nowMs))
  }

  predicted(): StateVector {
    const seen = this.#isReported ? this.#surroundings.seen : null
    const { cores, disks, othersCores, othersDisks } = this.#belief
    const { cpuOccupied, diskOccupied } = this.#calls
    return {
      cpuPressure: seen?.cpuPressure ?? null,
      ioPressure: seen?.ioPressure ?? null,
      memPressure: seen?.memPressure ?? null,
      cpu: unit((cpuOccupied + othersCores) / cores),
      memory: this.#surroundings.seen?.memory ?? null,
      disk: seen?.disk == null ? null : unit((diskOccupied + othersDisks) / disks),
      network: seen?.network ?? null,
    }
  }

  get #isReported(): boolean {
    return this.#rung !== 'weighted' && this.#rung !== 'unweighted'
  }

  /** What the latency of `work`, sent now, will say of its cost. */
  #evidenceNow(work: Work): Evidence {
    const { count } = this.#calls
    if (!this.#isReported) return count === 0 ? evidence.weak : evidence.none
    if (!this.#surroundings.isCalm) return evidence.faint
    if (count <= 1 && this.#physics.hasRoomFor(work)) return evidence.calm
    // The edges of a stall are known to a millisecond: nothing to measure a light call by.
    return isLight(work) ? evidence.faint : evidence.weak
  }

  #learn(work: LearnedWork, how: number | undefined, grantedMs: number, nowMs: number): void {
    const { ended } = this.#own
    if (work.index >= 0 && work.index < maxShared) ended[work.index] = (ended[work.index] ?? 0) + 1
    const tookMs = Math.max(0, grantedMs - rttShare * this.#belief.rttMs)
    if (how === evidence.calm || how === evidence.weak || how === evidence.faint) {
      // Without a quota a call that is not alone is slowed down by all others, to no known measure.
      if (how === evidence.calm || this.#hasQuota) this.#local.learn(work, tookMs, nowMs)
      work.learn(tookMs, how)
    }
  }

  #takeCapacity(report: NodeReport, nowMs: number, sentWallMs: number | undefined): void {
    const { cap, raw } = report
    const { quota_s: quotaS = 0, period_s: periodS = 0, period_start_ms: startMs } = raw
    const quotaCores = quotaS > 0 && periodS > 0 ? quotaS / periodS : null
    const cores = cap.cpus ?? quotaCores
    if (cores !== null) {
      this.#belief.cores = cores
      this.#isCapacityKnown = true
    }
    if (this.#options.disks === undefined && cap.disk !== undefined) {
      this.#belief.disks = Math.max(0.1, cap.disk / diskBytesPerS)
    }
    // A quota above what the CPUs can give never ends: then the CPUs are what is shared.
    const binds = quotaCores !== null && quotaCores <= 1.01 * this.#belief.cores
    const periodMs = periodS > 0 ? 1000 * periodS : usualPeriodMs
    const quotaMs = binds ? 1000 * quotaS : Number.POSITIVE_INFINITY
    this.#quota.limit(quotaMs, periodMs, this.#belief.cores)
    this.#phase.periodMs = periodMs
    if (binds && startMs !== undefined && sentWallMs !== undefined) {
      this.#phase.told(startMs, sentWallMs, nowMs)
    }
    const { choice } = this.#options
    this.#hasQuota = choice === 'quota' || (choice === 'auto' && binds)
    const physics = this.#hasQuota ? this.#quota : this.#sharing
    if (physics === this.#physics) this.#quota.rephase(nowMs)
    else {
      this.#physics = physics
      physics.begin(nowMs)
    }
  }

  /** Brings what changes with time alone up to date. */
  #refresh(nowMs: number): void {
    this.#refreshedMs = nowMs
    this.#surroundings.tell(nowMs)
    this.#failures.tell(this.#belief, nowMs)
    this.#belief.trust = this.#slowStart.trust(nowMs)
    this.#rung = this.#rungAt(nowMs)
  }

  #rungAt(nowMs: number): Rung {
    if (this.#surroundings.isSilent(nowMs) || this.#surroundings.isDoubted) {
      return this.#isCapacityKnown ? 'weighted' : 'unweighted'
    }
    if (!this.#hasQuota) return 'shared'
    return this.#phase.source === 'agent' ? 'quota' : 'quota-guessed'
  }
}
