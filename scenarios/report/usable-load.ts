import type { CellSummary, Summary } from './summary.ts'
import { figureOf } from './summary.ts'

/** The highest load that each contender bears, under one profile and workload. */
export type UsableLoad = {
  readonly profile: string
  readonly workload: string
  readonly limitMs: number
  /** By contender: a share of the capacity; see {@link UsableLoad.bounds}. */
  readonly loads: ReadonlyMap<string, Bearing>
}

/** `at`: the p99 passes the limit there; `below`, `above` the least and the most load measured. */
export type Bearing = { readonly load: number; readonly bound: 'at' | 'below' | 'above' }

/**
 * From a sweep of loads: the highest with a p99 below the limit, by the straight line through the
 * logarithms of the two p99s on either side of it.
 * @returns one for each profile and workload with two loads at least
 */
export function usableLoads({ results, cells }: Summary): readonly UsableLoad[] {
  const { p99LimitMs, contenders } = results.parameters
  const sweeps = Map.groupBy(
    cells.filter(({ cell }) => cell.load !== null),
    ({ cell }) => `${cell.profile}/${cell.workload}`,
  )
  return [...sweeps.values()].flatMap((sweep) => {
    const [first] = sweep
    if (first === undefined || sweep.length < 2) return []
    const loads = contenders.flatMap((name) => {
      const bearing = bearingOf(pointsOf(sweep, name), p99LimitMs)
      return bearing === null ? [] : [[name, bearing] as const]
    })
    const { profile, workload } = first.cell
    return [{ profile, workload, limitMs: p99LimitMs, loads: new Map(loads) }]
  })
}

type Point = { readonly load: number; readonly p99Ms: number }

function pointsOf(sweep: readonly CellSummary[], contender: string): readonly Point[] {
  return sweep
    .flatMap((one) => {
      const p99Ms = figureOf(one, 'p99', contender, null)
      return p99Ms === null || one.cell.load === null ? [] : [{ load: one.cell.load, p99Ms }]
    })
    .toSorted((one, other) => one.load - other.load)
}

/** @returns null without a point */
export function bearingOf(points: readonly Point[], limitMs: number): Bearing | null {
  const over = points.findIndex(({ p99Ms }) => p99Ms >= limitMs)
  const last = points.at(-1)
  if (last === undefined) return null
  if (over < 0) return { load: last.load, bound: 'above' }
  const [before, after] = [points[over - 1], points[over]]
  if (after === undefined) return null
  if (before === undefined) return { load: after.load, bound: 'below' }
  const share = Math.log(limitMs / before.p99Ms) / Math.log(after.p99Ms / before.p99Ms)
  return { load: before.load + share * (after.load - before.load), bound: 'at' }
}
