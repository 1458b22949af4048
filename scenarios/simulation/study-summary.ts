import { randomStream } from '../load/random.ts'
import { type Estimate, mean, pairedRatio } from '../measure/statistics.ts'
import type { StudyTrial } from './study.ts'
import type { TrialFigures } from './tally.ts'

/** The figures that strategies are compared by; all are better when lower. */
export const studyMeasures = {
  mean: ({ all }) => all.mean,
  p50: ({ all }) => all.p50,
  p95: ({ all }) => all.p95,
  p99: ({ all }) => all.p99,
  'light p95': ({ light }) => light.p95,
  'light p99': ({ light }) => light.p99,
  slowdown: ({ slowdown }) => slowdown.mean,
  'slowdown p99': ({ slowdown }) => slowdown.p99,
} as const satisfies Record<string, (figures: TrialFigures) => number>

export type StudyMeasure = keyof typeof studyMeasures

/** Measures in their order. */
export const studyMeasureNames = Object.keys(studyMeasures) as readonly StudyMeasure[]

/** All trials of one strategy on one cluster. */
export type Cell = {
  readonly cluster: string
  readonly strategy: string
  readonly trials: readonly StudyTrial[]
}

/** The trials by cluster and strategy, both in the order in which they came. */
export function cellsOf(trials: readonly StudyTrial[]): readonly Cell[] {
  const byCell = Map.groupBy(trials, ({ cluster, strategy }) => `${cluster} ${strategy}`)
  return [...byCell.values()].flatMap((own) => {
    const [first] = own
    return first === undefined
      ? []
      : [{ cluster: first.cluster, strategy: first.strategy, trials: own }]
  })
}

/** A figure of a cell: the mean over its seeds. */
export function figureOf({ trials }: Cell, figure: (figures: TrialFigures) => number): number {
  return mean(trials.map(({ figures }) => figure(figures)))
}

/**
 * How many times the figure of `other`: geometric mean over the seeds that both have, with its 95 %
 * interval; null when they share none or a figure is 0.
 */
export function ratioOf(cell: Cell, other: Cell, measure: StudyMeasure): Estimate | null {
  const figure = studyMeasures[measure]
  const bySeed = ({ trials }: Cell) =>
    new Map(trials.map(({ seed, figures }) => [seed, figure(figures)]))
  const [own, its] = [bySeed(cell), bySeed(other)]
  if ([...own.values(), ...its.values()].some((value) => value <= 0)) return null
  return pairedRatio(own, its, randomStream(1, `${cell.cluster} ${cell.strategy} ${measure}`))
}
