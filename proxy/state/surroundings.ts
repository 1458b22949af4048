import type { NodeReport } from '../../agents/report.ts'
import type { Costs } from './costs.ts'
import { Disturbance, rhythmMs, silenceMs } from './disturbance.ts'
import type { NodeBelief } from './node-belief.ts'
import { type Usage, UsageWindows } from './usage-window.ts'
import { type StateVector, vectorOf } from './vector.ts'

/** Time constant of the disturbance by work, ms: it follows a neighbour within 0.7 s. */
const othersTauMs = 500

/** What others use, below so much of the capacity, is noise: measured 0.02–0.03 of 0.35 cores. */
const noiseShare = 0.08

/** Above these a node was not left alone, and what calls take there says nothing of their cost. */
const disturbedShare = 0.15
const disturbedPressure = 0.5

/** Pressure below this loses no capacity: two of our own calls meeting make as much. */
const leastPressure = 0.1

/** Where the use is not known, full pressure counts as so many calls. See the README. */
const pressureCalls = 3

/**
 * An agent is not believed that saw less than a quarter of our own work, by what agents see of it
 * elsewhere, in so many windows on end in which that work was a third of what the node may do. With
 * less work the doubt goes, window by window: then there is nothing to see, nor much to lose.
 */
const liesBeforeDoubt = 3
const mostLies = 20
const workShare = 0.3
const seenShare = 0.25

/** With less work in a window costs are not compared with it, ms. */
const leastWorkMs = 20

/** Calls must have run for such a share of what a node may use before they teach what that draws. */
const leastRunShare = 0.3

/** What our own calls did to a node between two reports. */
export type OwnUse = {
  /** As they are said to cost, ms. */
  cpuMs: number
  diskMs: number
  /** How long they are believed to have run, by the physics of a quota; 0 without one. */
  ranMs: number
  /** Calls that ended, by the index of their method. */
  readonly ended: Float64Array
  /** Whether the reported use of the disk is the node's own, and not its host's. */
  isDiskOwn: boolean
}

/**
 * What others do to a node, as its agent's reports show it: what is used there and was not our
 * work. Work is counted, not occupancy, because a call that stands still in a node occupies it
 * without using it.
 */
export class Surroundings {
  readonly #belief: NodeBelief
  readonly #costs: Costs
  readonly #windows = new UsageWindows()
  readonly #cores: Disturbance
  readonly #disks: Disturbance
  readonly #lost: Disturbance
  /** When the last figures were measured, and when they came. */
  #newsAtMs = Number.NEGATIVE_INFINITY
  #arrivedAtMs = Number.NEGATIVE_INFINITY
  #everyMs = 250
  #lies = 0
  /** The last point that was reported; null while none is, or the node is gone. */
  seen: StateVector | null = null
  /** Whether calls on the node now show what they cost. */
  isCalm = false

  constructor(belief: NodeBelief, costs: Costs) {
    this.#belief = belief
    this.#costs = costs
    this.#cores = new Disturbance(costs.correlations.cpu, othersTauMs)
    this.#disks = new Disturbance(costs.correlations.disk, 0)
    this.#lost = new Disturbance(costs.correlations.lost, 0)
  }

  /**
   * Takes a report.
   * @param own what our calls used since the last report that was taken, as they are said to
   * @returns whether it was taken: not where its figures are those of the one before
   */
  take(report: NodeReport, own: OwnUse, nowMs: number): boolean {
    const window = this.#windows.take(report, nowMs)
    if (window.kind === 'stale') return false
    const { x, raw } = report
    this.seen = vectorOf(x)
    if (Object.keys(x).length > 0 || raw.cpu_usage_s !== undefined) {
      const gapMs = nowMs - this.#arrivedAtMs
      if (gapMs < Number.POSITIVE_INFINITY) this.#everyMs = rhythmMs(this.#everyMs, gapMs)
      this.#arrivedAtMs = nowMs
      // The figures are older than their arrival by what the agent says; its clock is not needed.
      this.#newsAtMs = nowMs - report.age
    }
    if (window.kind === 'window') this.#observe(window, own, nowMs)
    return true
  }

  /** Whether no news came for so long that nothing can be believed. */
  isSilent(nowMs: number): boolean {
    return nowMs - this.#newsAtMs > silenceMs(this.#everyMs)
  }

  /** Whether the reports contradict what our own calls must have used. */
  get isDoubted(): boolean {
    return this.#lies >= liesBeforeDoubt
  }

  /** Writes what is to be expected at `nowMs` into the belief. */
  tell(nowMs: number): void {
    const belief = this.#belief
    const { cores } = belief
    const others = this.#cores.at(nowMs)
    belief.othersCores = others < noiseShare * cores ? 0 : others
    belief.lostCores = this.#lost.at(nowMs)
    belief.draw = this.#costs.draw
    belief.othersDisks = this.#disks.at(nowMs)
    this.isCalm =
      this.seen !== null &&
      others + belief.lostCores < disturbedShare * cores &&
      (this.seen.cpuPressure ?? 0) < disturbedPressure
  }

  /** The node is gone, and what was true of it with it. */
  forget(): void {
    this.seen = null
    this.#newsAtMs = Number.NEGATIVE_INFINITY
    this.#arrivedAtMs = Number.NEGATIVE_INFINITY
    this.#windows.reset()
    this.#cores.reset()
    this.#disks.reset()
    this.#lost.reset()
    this.#lies = 0
  }

  #observe(usage: Usage, own: OwnUse, nowMs: number): void {
    const { cores, disks } = this.#belief
    const ownMs = own.cpuMs
    const { dtMs } = usage
    if (usage.cores !== null) {
      const usedMs = usage.cores * dtMs
      if (ownMs >= leastWorkMs) this.#costs.observe(usedMs, ownMs)
      const seenMs = seenShare * this.#costs.witnessed * ownMs
      if (ownMs < workShare * cores * dtMs) this.#lies = Math.max(0, this.#lies - 1)
      else this.#lies = usedMs < seenMs ? Math.min(mostLies, this.#lies + 1) : 0
      // A neighbour's use would be booked on our calls, and an idle node's own on few of them.
      if (this.#belief.othersCores === 0 && own.ranMs > leastRunShare * cores * dtMs) {
        this.#costs.observeDraw(usedMs, own.ranMs)
      }
      const others = (usedMs - ownMs * this.#costs.overhead) / dtMs
      this.#cores.observe(others, dtMs, nowMs, cores)
    }
    if (usage.disk !== null) {
      const others = Math.max(0, usage.disk * disks - own.diskMs / dtMs)
      this.#disks.observe(others, dtMs, nowMs, disks)
    }
    if (usage.disk !== null && usage.cores !== null && own.isDiskOwn) {
      const cpuMs = usage.cores * dtMs
      const diskMs = usage.disk * disks * dtMs
      this.#costs.observeUse({ dtMs, cpuMs, diskMs, cores, disks, ended: own.ended })
    }
    if (usage.cpuPressure !== null) {
      this.#lost.observe(lostCores(usage, usage.cpuPressure, cores), dtMs, nowMs, cores)
    }
  }
}

/** Cores that the host does not give: stalled for longer than in use means less capacity, C u ÷ ψ. */
function lostCores({ cores: used }: Usage, pressure: number, cores: number): number {
  if (pressure <= leastPressure) return 0
  if (used === null) return cores * (1 - 1 / (1 + pressureCalls * pressure))
  return cores * Math.max(0, 1 - used / cores / pressure)
}
