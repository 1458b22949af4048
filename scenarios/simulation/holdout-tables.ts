import { mean } from '../measure/statistics.ts'
import { formatRatio } from '../report/format.ts'
import type { Table } from '../report/table-form.ts'
import type { StudyTrial } from './study.ts'
import { type Cell, cellsOf, type StudyMeasure, studyMeasures } from './study-summary.ts'

const measures: readonly StudyMeasure[] = ['mean', 'p99', 'light p99', 'slowdown p99']

/** Who plays the best rival: what is not ours and not known to herd. */
const bestOf = 'the best rival'

/**
 * For each strategy of ours, how many times each rival it is over many clusters: geometric mean, and
 * the worst cluster in brackets. The best rival is picked by hindsight, for each cluster and measure.
 *
 * @param isOurs whether a strategy is one that is judged
 */
export function holdoutTables(
  trials: readonly StudyTrial[],
  isOurs: (strategy: string) => boolean,
): readonly Table[] {
  const cells = cellsOf(trials)
  const names = [...new Set(cells.map(({ strategy }) => strategy))]
  // A run that was interrupted leaves a cluster on which not all were tried.
  const clusters = [...Map.groupBy(cells, ({ cluster }) => cluster).values()].filter(
    (own) => own.length === names.length,
  )
  const rivals = names.filter((name) => !isOurs(name))
  if (rivals.length === 0 || clusters.length === 0) return []
  return names.filter(isOurs).map((name) => ({
    title: `${name} on ${clusters.length} hold-out clusters, times`,
    note: 'Geometric mean over the clusters, the worst cluster in brackets; the best rival is picked by hindsight for each cluster and measure.',
    columns: ['rival', ...measures, 'p99 > 1.05'],
    rows: [bestOf, ...rivals].map((rival) => row(name, rival, rivals, clusters)),
  }))
}

function row(
  name: string,
  rival: string,
  rivals: readonly string[],
  clusters: readonly (readonly Cell[])[],
): readonly string[] {
  const against = rival === bestOf ? rivals : [rival]
  const ratios = (measure: StudyMeasure) =>
    clusters.map((cells) => {
      const own = figure(cells, name, measure)
      const its = Math.min(...against.map((other) => figure(cells, other, measure)))
      return own / its
    })
  const worse = ratios('p99').filter((ratio) => ratio > 1.05).length
  return [
    rival,
    ...measures.map((measure) => {
      const all = ratios(measure)
      const centre = Math.exp(mean(all.map(Math.log)))
      return `${formatRatio(centre)} (${formatRatio(Math.max(...all))})`
    }),
    `${worse} of ${clusters.length}`,
  ]
}

/** The geometric mean over the seeds. */
function figure(cells: readonly Cell[], strategy: string, measure: StudyMeasure): number {
  const cell = cells.find((each) => each.strategy === strategy)
  if (cell === undefined) return Number.NaN
  return Math.exp(mean(cell.trials.map(({ figures }) => Math.log(studyMeasures[measure](figures)))))
}
