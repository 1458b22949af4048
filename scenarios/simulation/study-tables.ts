import { formatEstimate, formatMs, formatPercent, formatRatio } from '../report/format.ts'
import type { Table } from '../report/table-form.ts'
import type { Cluster } from './cluster.ts'
import type { StudyTrial } from './study.ts'
import {
  type Cell,
  cellsOf,
  figureOf,
  ratioOf,
  type StudyMeasure,
  studyMeasureNames,
  studyMeasures,
} from './study-summary.ts'

/** Whom strategies are compared with, where they are there. */
export const studyBaselines = ['weighted-least-connection', 'least-connection'] as const

const ratioMeasures: readonly StudyMeasure[] = ['mean', 'p95', 'p99', 'light p95', 'light p99']

/** For each cluster a table of figures and one of ratios to each baseline that was run. */
export function studyTables(
  clusters: readonly Cluster[],
  trials: readonly StudyTrial[],
): readonly Table[] {
  const cells = cellsOf(trials)
  return clusters.flatMap((cluster) => {
    const own = cells.filter((cell) => cell.cluster === cluster.name)
    if (own.length === 0) return []
    const ratios = studyBaselines.flatMap((name) => {
      const baseline = own.find(({ strategy }) => strategy === name)
      return baseline === undefined || own.length < 2 ? [] : [ratioTable(cluster, baseline, own)]
    })
    return [figureTable(cluster, own), ...ratios]
  })
}

function figureTable({ name, about, load }: Cluster, cells: readonly Cell[]): Table {
  const [first] = cells
  const perTrial = first === undefined ? 0 : Math.round(figureOf(first, ({ all }) => all.count))
  return {
    title: `${name}: ${about}`,
    note: `Milliseconds, means over the seeds; load ${load}, ${perTrial} calls a trial.`,
    columns: ['strategy', ...studyMeasureNames, 'held', 'CPU', 'lost'],
    rows: cells.map((cell) => [
      cell.strategy,
      ...studyMeasureNames.map((measure) => formatMs(figureOf(cell, studyMeasures[measure]))),
      formatMs(figureOf(cell, ({ heldMs }) => heldMs)),
      formatPercent(
        figureOf(cell, ({ use }) => use),
        0,
      ),
      String(Math.round(figureOf(cell, ({ refused, unfinished }) => refused + unfinished))),
    ]),
  }
}

function ratioTable({ name }: Cluster, baseline: Cell, cells: readonly Cell[]): Table {
  return {
    title: `${name}: times ${baseline.strategy}`,
    note: 'Geometric mean over paired seeds, 95 % interval in brackets.',
    columns: ['strategy', ...ratioMeasures],
    rows: cells
      .filter((cell) => cell !== baseline)
      .map((cell) => [
        cell.strategy,
        ...ratioMeasures.map((measure) =>
          formatEstimate(ratioOf(cell, baseline, measure), formatRatio),
        ),
      ]),
  }
}
