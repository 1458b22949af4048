import type { NodeReport } from '../../agents/report.ts'
import { CallsInFlight } from './calls-in-flight.ts'
import type { Costs } from './costs.ts'
import { Disturbance, silenceMs } from './disturbance.ts'
import { Failures } from './failures.ts'
import type { NodeBelief } from './node-belief.ts'
import type { Observer } from './observer.ts'
import { PeriodPhase } from './period-phase.ts'
import type { Physics } from './physics.ts'
import { ProcessorSharing } from './processor-sharing.ts'
import { Quota } from './quota.ts'
import { type Usage, UsageWindows } from './usage-window.ts'
import { type StateVector, type Unit, unit, vectorOf } from './vector.ts'
import { lightMs, type Ticket, type Work } from './work.ts'

/**
 * How much is known of a node, best first. `quota`: CFS quota and when its periods begin.
 * `quota-guessed`: the quota, and periods guessed from stalled calls. `shared`: reports of a node
 * without a quota. `weighted`: no report to go by; calls in flight over the capacity that was
 * declared or last reported. `unweighted`: the same, and no capacity was ever known.
 */
export const rungs = ['quota', 'quota-guessed', 'shared', 'weighted', 'unweighted'] as const
export type Rung = (typeof rungs)[number]

export type NodeObserverOptions = {
  /** Cores the operator declares; null: the agent says, or 1 is assumed. */
  readonly cores: number | null
  /** Physics: by what the agent reports, or always the same. */
  readonly choice: 'auto' | 'processor-sharing' | 'quota'
  /** What the nodes of the fleet learn together. */
  readonly costs: Costs
  /** Requests that the node's disk serves at once at full speed; 4 where that is not known. */
  readonly disks?: number
}

/** Requests that an SSD serves at once at full speed, where nobody says. */
const usualDisks = 4

/** Beliefs that change with time alone are brought up to date so often, ms. */
const refreshMs = 20

/** Time constant of the disturbance by work, ms: it follows a neighbour within 0.7 s. */
const othersTauMs = 500

/** What others use, below so much of the capacity, is noise. */
const noiseShare = 0.05

/** Pressure below this loses no capacity: two of our own calls meeting make as much. */
const leastPressure = 0.1

/** Where the use is not known, full pressure counts as so many calls (see agents' measurements). */
const pressureCalls = 3

/** An agent is not believed that saw less than a tenth of our own work in so many windows on end. */
const liesBeforeDoubt = 3
const leastWorkMs = 20
const seenShare = 0.1

/** A light call that took longer than this, after as long without an end, was stalled, ms. */
const stallMs = 8

/**
 * What is believed of one node: its calls in flight, what others do to it, and the physics that
 * makes a latency of both. It begins as weighted least-connection, and calls in flight survive any
 * change of physics.
 */
export class NodeObserver implements Observer {
  readonly #options: NodeObserverOptions
  readonly #calls = new CallsInFlight()
  readonly #belief: NodeBelief
  readonly #windows = new UsageWindows()
  readonly #failures = new Failures()
  readonly #phase = new PeriodPhase()
  readonly #sharing: ProcessorSharing
  readonly #quota: Quota
  readonly #othersCores: Disturbance
  readonly #othersDisks: Disturbance
  readonly #lostCores: Disturbance
  #physics: Physics
  #rung: Rung
  #isCapacityKnown: boolean
  #hasQuota = false
  #reported: StateVector | null = null
  #newsAtMs = Number.NEGATIVE_INFINITY
  #everyMs = 250
  #lies = 0
  /** CPU that our calls used since the last window began, by what they are said to cost, ms. */
  #doneMs = 0
  #usedMsBefore = 0
  #refreshedMs = Number.NEGATIVE_INFINITY
  #endedAtMs = Number.NEGATIVE_INFINITY

  constructor(options: NodeObserverOptions) {
    const { cpu, disk, lost } = options.costs.correlations
    this.#options = options
    this.#belief = {
      cores: options.cores ?? 1,
      disks: options.disks ?? usualDisks,
      othersCores: 0,
      lostCores: 0,
      othersDisks: 0,
      rttMs: 0,
      failedCalls: 0,
      failedMs: 0,
      trust: 1,
    }
    this.#sharing = new ProcessorSharing(this.#calls, this.#belief)
    this.#quota = new Quota(this.#calls, this.#belief, this.#phase)
    this.#physics = this.#sharing
    this.#othersCores = new Disturbance(cpu, othersTauMs)
    this.#othersDisks = new Disturbance(disk, 0)
    this.#lostCores = new Disturbance(lost, 0)
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
      this.#forget()
      this.#refresh(nowMs)
      return
    }
    const window = this.#windows.take(report, nowMs)
    if (window.kind === 'stale') return
    this.#takeCapacity(report, nowMs, sentWallMs)
    this.#reported = vectorOf(report.x)
    const hasFigures = Object.keys(report.x).length > 0 || report.raw.cpu_usage_s !== undefined
    if (hasFigures) {
      const gapMs = nowMs - this.#newsAtMs
      if (gapMs < Number.POSITIVE_INFINITY) this.#everyMs += 0.1 * (gapMs - this.#everyMs)
      // The figures are older than their arrival by what the agent says; its clock is not needed.
      this.#newsAtMs = nowMs - report.age
    }
    const usedMs = this.#calls.usedMs()
    if (window.kind === 'window') {
      this.#takeWindow(window, this.#doneMs + usedMs - this.#usedMsBefore, nowMs)
    }
    this.#doneMs = 0
    this.#usedMsBefore = usedMs
    this.#refresh(nowMs)
  }

  dispatch(work: Work, nowMs: number): Ticket {
    this.advance(nowMs)
    return this.#calls.add(work, nowMs)
  }

  settle(ticket: Ticket, failed: boolean, nowMs: number): void {
    this.advance(nowMs)
    const calls = this.#calls
    const cpuMs = calls.cpuMs[ticket] ?? 0
    const diskMs = calls.diskMs[ticket] ?? 0
    const latencyMs = nowMs - (calls.startedMs[ticket] ?? nowMs)
    const leftMs = calls.leftMs(ticket)
    calls.remove(ticket)
    if (failed) {
      this.#doneMs += cpuMs - leftMs
      this.#failures.add(cpuMs, nowMs)
      this.#failures.tell(this.#belief, nowMs)
      return
    }
    this.#doneMs += cpuMs
    this.#physics.ended(nowMs)
    const isLight = cpuMs + diskMs <= lightMs
    const silentMs = nowMs - this.#endedAtMs
    if (isLight && silentMs >= stallMs && latencyMs >= stallMs + this.#belief.rttMs) {
      this.#phase.stalled(nowMs)
      this.#quota.rephase(nowMs)
    }
    this.#endedAtMs = nowMs
  }

  advance(nowMs: number): void {
    if (nowMs - this.#refreshedMs >= refreshMs) this.#refresh(nowMs)
    this.#physics.advance(nowMs)
  }

  forecast(work: Work): number {
    switch (this.#rung) {
      case 'weighted':
      case 'unweighted': {
        const calls = this.#calls.count + 1 + this.#belief.failedCalls
        return ((work.cpuMs + work.diskMs) * calls) / (this.#belief.cores * this.#belief.trust)
      }
      default:
        return this.#physics.forecast(work)
    }
  }

  predicted(): StateVector {
    const seen = this.#reported
    const isFresh = this.#rung !== 'weighted' && this.#rung !== 'unweighted'
    const { cores, disks, othersCores, othersDisks } = this.#belief
    const { cpuOccupied, diskOccupied } = this.#calls
    return {
      cpuPressure: held(seen?.cpuPressure, isFresh),
      ioPressure: held(seen?.ioPressure, isFresh),
      memPressure: held(seen?.memPressure, isFresh),
      cpu: unit((cpuOccupied + othersCores) / cores),
      memory: seen?.memory ?? null,
      disk: seen?.disk == null ? null : unit((diskOccupied + othersDisks) / disks),
      network: held(seen?.network, isFresh),
    }
  }

  /** The node is gone: nothing is believed of it but its capacity, and its calls in flight. */
  #forget(): void {
    this.#reported = null
    this.#newsAtMs = Number.NEGATIVE_INFINITY
    this.#windows.reset()
    this.#othersCores.reset()
    this.#othersDisks.reset()
    this.#lostCores.reset()
    this.#phase.forgetAgent()
    this.#lies = 0
  }

  #takeCapacity(report: NodeReport, nowMs: number, sentWallMs: number | undefined): void {
    const { cap, raw } = report
    const { quota_s, period_s, period_start_ms } = raw
    const { choice } = this.#options
    const quotaCores =
      quota_s === undefined || !period_s || quota_s <= 0 ? undefined : quota_s / period_s
    const cores = cap.cpus ?? quotaCores
    if (cores !== undefined) {
      this.#belief.cores = cores
      this.#isCapacityKnown = true
    }
    // A quota above what the CPUs can give never ends: then they are what is shared.
    const binds = quotaCores !== undefined && quotaCores <= 1.01 * (cap.cpus ?? quotaCores)
    const periodMs = (period_s ?? 0.1) * 1000
    if (binds && quota_s !== undefined) {
      this.#phase.periodMs = periodMs
      if (period_start_ms !== undefined && sentWallMs !== undefined) {
        this.#phase.told(period_start_ms, sentWallMs, nowMs)
      }
      this.#quota.limit(quota_s * 1000, periodMs, this.#belief.cores)
    } else {
      this.#quota.limit(Number.POSITIVE_INFINITY, periodMs, this.#belief.cores)
    }
    this.#hasQuota = choice === 'quota' || (choice === 'auto' && binds)
    const physics = this.#hasQuota ? this.#quota : this.#sharing
    if (physics === this.#physics) {
      this.#quota.rephase(nowMs)
      return
    }
    this.#physics = physics
    this.#quota.begin(nowMs)
    this.#sharing.begin(nowMs)
  }

  #takeWindow(usage: Usage, ownMs: number, nowMs: number): void {
    const { cores, disks } = this.#belief
    const { dtMs } = usage
    if (usage.cores !== null) {
      const seenMs = usage.cores * dtMs
      if (ownMs >= leastWorkMs) this.#lies = seenMs < seenShare * ownMs ? this.#lies + 1 : 0
      this.#othersCores.observe(usage.cores - ownMs / dtMs, dtMs, nowMs, cores)
    }
    if (usage.disk !== null) {
      const own = Math.min(disks, this.#calls.diskOccupied)
      this.#othersDisks.observe(Math.max(0, usage.disk * disks - own), dtMs, nowMs, disks)
    }
    if (usage.cpuPressure !== null) {
      this.#lostCores.observe(lostCores(usage, usage.cpuPressure, cores), dtMs, nowMs, cores)
    }
  }

  /** Brings what changes with time alone up to date. */
  #refresh(nowMs: number): void {
    this.#refreshedMs = nowMs
    const belief = this.#belief
    const noise = noiseShare * belief.cores
    const others = this.#othersCores.at(nowMs)
    belief.othersCores = others < noise ? 0 : others
    belief.lostCores = this.#lostCores.at(nowMs)
    belief.othersDisks = this.#othersDisks.at(nowMs)
    this.#failures.tell(belief, nowMs)
    this.#rung = this.#rungAt(nowMs)
  }

  #rungAt(nowMs: number): Rung {
    if (!this.#isCapacityKnown && this.#reported === null) return 'unweighted'
    const isSilent = nowMs - this.#newsAtMs > silenceMs(this.#everyMs)
    if (isSilent || this.#lies >= liesBeforeDoubt) {
      return this.#isCapacityKnown ? 'weighted' : 'unweighted'
    }
    if (!this.#hasQuota) return 'shared'
    return this.#phase.source === 'agent' ? 'quota' : 'quota-guessed'
  }
}

/** Cores that the host does not give: stalled for longer than in use means less capacity, C u ÷ ψ. */
function lostCores(usage: Usage, pressure: number, cores: number): number {
  if (pressure <= leastPressure) return 0
  if (usage.cores === null) {
    return cores * (1 - 1 / (1 + pressureCalls * pressure))
  }
  return cores * Math.max(0, 1 - usage.cores / cores / pressure)
}

function held(axis: Unit | null | undefined, isFresh: boolean): Unit | null {
  return axis === undefined || !isFresh ? null : axis
}
