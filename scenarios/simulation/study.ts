import { setImmediate } from 'node:timers/promises'
import { type StrategyChoice, strategyText } from '../../proxy/index.ts'
import { SimulatedFleet, type TrialSpan } from '../fleets/simulated.ts'
import type { Cluster } from './cluster.ts'
import type { TrialFigures } from './tally.ts'

/** What is simulated: every cluster with every strategy and every seed. */
export type StudyPlan = {
  readonly clusters: readonly Cluster[]
  readonly choices: readonly StrategyChoice[]
  readonly seeds: readonly number[]
  readonly span: TrialSpan
}

/** One strategy on one cluster with one seed. */
export type StudyTrial = {
  readonly cluster: string
  readonly strategy: string
  readonly seed: number
  readonly figures: TrialFigures
}

/**
 * Runs the trials one after the other, cluster by cluster, and lets the program breathe between two.
 * @param onTrial told of each when it has ended, with how many there are
 * @param signal ends it between two trials
 * @returns the trials that were run
 */
export async function runStudy(
  { clusters, choices, seeds, span }: StudyPlan,
  onTrial: (trial: StudyTrial, done: number, of: number) => void,
  signal: AbortSignal,
): Promise<readonly StudyTrial[]> {
  const of = clusters.length * choices.length * seeds.length
  const trials: StudyTrial[] = []
  for (const cluster of clusters) {
    for (const seed of seeds) {
      for (const choice of choices) {
        if (signal.aborted) return trials
        const figures = new SimulatedFleet(cluster, choice, seed, span).run()
        const trial = { cluster: cluster.name, strategy: strategyText(choice), seed, figures }
        trials.push(trial)
        onTrial(trial, trials.length, of)
        await setImmediate()
      }
    }
  }
  return trials
}
