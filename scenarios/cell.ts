import type { BenchConfig } from './config.ts'
import { arrivalShapes, arrivalsInWords } from './load/arrivals.ts'
import { idleTimes } from './measure/idle-times.ts'
import type { Capacity, Cell } from './report/results.ts'
import type { CellPlan } from './schedule.ts'
import type { Site } from './site.ts'
import { workloadNamed, workloadOn } from './workloads/catalogue.ts'
import { isMet, type WorkloadRow } from './workloads/workload.ts'

export type CellOrder = {
  readonly config: BenchConfig
  readonly plan: CellPlan
  /** Null where the rate is given. */
  readonly capacity: Capacity | null
  /** A cell with the same nodes and calls, whose idle times are known. */
  readonly alike: Cell | undefined
}

/** Says what the calls of a cell are, and how long each takes on a node that does nothing else. */
export async function measureCell(
  { config, plan, capacity, alike }: CellOrder,
  site: Site,
  signal: AbortSignal,
): Promise<Cell> {
  const { id, profile, load } = plan
  const readsDisk = profile !== null && profile.slowReadsPerSecond !== null
  const workload = workloadNamed(workloadOn(readsDisk, plan.workload))
  const { about, classes, rows, recordedMs, arrivals } = workload
  const shape = config.arrivals ?? arrivals ?? arrivalShapes.poisson
  // A script asks for what is its own, whatever the chain held before.
  const isAsked = (row: WorkloadRow) => workload.script !== undefined || isMet(row, site.facts)
  const total = rows.reduce((sum, row) => sum + row.weight, 0)
  const known = alike?.calls.map(({ idleMs }) => idleMs)
  const idle =
    known ??
    (site.idleUrl === null
      ? rows.map(() => null)
      : await idleTimes(site.idleUrl, workload, site.facts, config.seed, signal))
  const rate = capacity === null || load === null ? config.ratePerSecond : load * capacity.perSecond
  return {
    id,
    profile: profile?.name ?? 'targets',
    workload: plan.workload,
    load,
    ratePerSecond: Number((rate ?? 0).toPrecision(4)),
    capacity,
    about: recordedMs === undefined ? `${about}; ${arrivalsInWords(shape)}` : about,
    classes: [...classes],
    calls: rows.map((row, i) => ({
      method: isAsked(row) ? row.method : 'eth_getBlockByNumber',
      what: isAsked(row) ? row.what : `in place of ${row.method}`,
      class: row.class,
      share: row.weight / total,
      idleMs: idle[i] ?? null,
    })),
  }
}
