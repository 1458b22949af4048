import { adjustedRatios, type Observation } from '../measure/adjusted.ts'
import { latencyOf } from './class-summary.ts'
import type { Trial } from './trial.ts'

/** The figures that are adjusted, of all calls. */
const figures = ['mean', 'p95', 'p99'] as const
type Figure = (typeof figures)[number]

/** A ratio to the baseline and its standard error, which is one of its logarithm. */
export type Adjusted = {
  readonly [figure in Figure]: { readonly value: number; readonly error: number }
}

/**
 * Ratios to the baseline with the CPU that the nodes used taken out, see {@link adjustedRatios}; by
 * contender. Empty with too few trials, or where the CPU is not known.
 */
export function adjustedOf(
  trials: readonly Trial[],
  baseline: string,
): ReadonlyMap<string, Adjusted> {
  const observations = trials.flatMap(observed)
  if (observations.length < trials.length) return new Map()
  const byFigure = figures.map((figure) => adjustedRatios(observations, baseline, figure))
  const [means, p95s, p99s] = byFigure
  if (!means || !p95s || !p99s) return new Map()
  return new Map(
    [...means].flatMap(([name, mean]) => {
      const [p95, p99] = [p95s.get(name), p99s.get(name)]
      return p95 === undefined || p99 === undefined ? [] : [[name, { mean, p95, p99 }] as const]
    }),
  )
}

function observed(trial: Trial): readonly Observation<Figure>[] {
  const { contender, repeat, nodes } = trial
  const [mean, p95, p99] = figures.map((figure) => latencyOf(trial, figure))
  let cpuCores = 0
  for (const node of nodes) {
    if (node.cpuCores === null) return []
    cpuCores += node.cpuCores
  }
  if (nodes.length === 0 || mean == null || p95 == null || p99 == null) return []
  return [{ strategy: contender, seed: repeat, cpuCores, mean, p95, p99 }]
}
