import { type OrcaFormat, orcaHeaders, orcaOf } from '../agents/orca.ts'
import type { OrcaReport } from '../agents/orca-report.ts'
import { type Dimension, dimensions, type StatePoint } from '../agents/report.ts'
import type { Clock } from './clock.ts'
import { pointOf } from './state/vector.ts'
import type { Upstream } from './upstream/upstream.ts'

/** A report is the same for so long: nobody steers by anything faster, milliseconds. */
const freshMs = 100

/** Rates are over the time since a moment that is at least so long ago, milliseconds. */
const windowMs = 5_000

/** Whoever counts the calls that were answered. */
export type CallCounts = { readonly answered: number; readonly failed: number }

type Counted = CallCounts & { readonly atMs: number }

/**
 * How loaded this proxy is, for a balancer before it that weighs several: the state of its nodes,
 * each by its cores, as one point. Told in ORCA, and only to those who ask.
 */
export class OwnLoad {
  readonly #nodes: () => { readonly readers: readonly Upstream[]; readonly head: number | null }
  readonly #counts: CallCounts
  readonly #clock: Clock
  #before: Counted
  #since: Counted
  #report: OrcaReport = {}
  #reportedAtMs = Number.NEGATIVE_INFINITY

  /** @param nodes those that take calls now, and the highest head */
  constructor(
    nodes: () => { readonly readers: readonly Upstream[]; readonly head: number | null },
    counts: CallCounts,
    clock: Clock,
  ) {
    this.#nodes = nodes
    this.#counts = counts
    this.#clock = clock
    this.#since = this.#counted()
    this.#before = this.#since
  }

  /** Header lines, name and value in turn. */
  headers(format: OrcaFormat): readonly string[] {
    const nowMs = this.#clock.nowMs()
    if (nowMs - this.#reportedAtMs >= freshMs) {
      this.#report = this.#made()
      this.#reportedAtMs = nowMs
    }
    return orcaHeaders(this.#report, format)
  }

  #made(): OrcaReport {
    const { readers, head } = this.#nodes()
    const { rps, eps } = this.#rates()
    const inFlight = readers.reduce((sum, upstream) => sum + upstream.inFlight, 0)
    const { named_metrics, ...load } = orcaOf({ x: meanOf(readers), cap: capacityOf(readers) })
    return {
      ...load,
      // Who has nobody to send calls to can take none.
      ...(readers.length === 0 && { application_utilization: 1 }),
      rps_fractional: rps,
      eps,
      named_metrics: {
        ...named_metrics,
        in_flight: inFlight,
        nodes: readers.length,
        ...(head !== null && { head_block: head }),
      },
    }
  }

  #rates(): { readonly rps: number; readonly eps: number } {
    const now = this.#counted()
    const elapsedS = (now.atMs - this.#before.atMs) / 1000
    const rps = elapsedS > 0 ? (now.answered - this.#before.answered) / elapsedS : 0
    const eps = elapsedS > 0 ? (now.failed - this.#before.failed) / elapsedS : 0
    if (now.atMs - this.#since.atMs >= windowMs) {
      this.#before = this.#since
      this.#since = now
    }
    return { rps, eps }
  }

  #counted(): Counted {
    const { answered, failed } = this.#counts
    return { answered, failed, atMs: this.#clock.nowMs() }
  }
}

/** The mean of what is believed of nodes, by their cores; an axis that none of them has is left out. */
function meanOf(upstreams: readonly Upstream[]): StatePoint {
  const mean: { [axis in Dimension]?: number } = {}
  const points = upstreams.map((upstream) => [pointFor(upstream), upstream.capacityCores] as const)
  for (const axis of dimensions) {
    let sum = 0
    let weight = 0
    for (const [point, cores] of points) {
      const value = point[axis]
      if (value === undefined) continue
      sum += value * cores
      weight += cores
    }
    if (weight > 0) mean[axis] = Math.min(1, sum / weight)
  }
  return mean
}

/** As the strategy believes it to be, or as it was last reported. */
function pointFor({ meter, lastReport }: Upstream): StatePoint {
  const predicted = meter.predicted()
  if (predicted !== null) return pointOf(predicted)
  return lastReport === null || lastReport.gone === true ? {} : lastReport.x
}

function capacityOf(upstreams: readonly Upstream[]): { readonly cpus?: number } {
  const cpus = upstreams.reduce((sum, { capacityCores }) => sum + capacityCores, 0)
  return cpus > 0 ? { cpus } : {}
}
