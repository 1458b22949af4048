import { fairness, mean, meanKnown, sum } from '../measure/statistics.ts'
import type { Trial } from './results.ts'

/** What one node did under one contender, mean over its repeats. */
export type NodeSummary = {
  readonly id: string
  /** Of the calls sent to the fleet, in [0, 1]. */
  readonly share: number
  /** Of the fleet's cores, in [0, 1]; null where a node's are not known. */
  readonly capacityShare: number | null
  readonly cpuCores: number | null
  readonly capacityCores: number | null
}

/** Every node of the fleet over the trials of one contender, in the fleet's order. */
export function summarizeNodes(trials: readonly Trial[]): readonly NodeSummary[] {
  const ids = trials[0]?.nodes.map(({ id }) => id) ?? []
  const nodes = ids.map((id) => {
    const uses = trials.flatMap((trial) => trial.nodes.filter((node) => node.id === id))
    return {
      id,
      share: mean(
        trials.map((trial) => {
          const calls = sum(trial.nodes.map((node) => node.calls))
          const own = trial.nodes.find((node) => node.id === id)?.calls ?? 0
          return calls === 0 ? 0 : own / calls
        }),
      ),
      cpuCores: meanKnown(uses.map((use) => use.cpuCores)),
      capacityCores: meanKnown(uses.map((use) => use.capacityCores)),
    }
  })
  const capacities = nodes.map(({ capacityCores }) => capacityCores)
  const whole = capacities.includes(null) ? null : sum(capacities.map((cores) => cores ?? 0))
  return nodes.map((node) => ({
    ...node,
    capacityShare: whole === null || whole === 0 ? null : (node.capacityCores ?? 0) / whole,
  }))
}

/** Jain's index over each node's CPU ÷ capacity, mean of the trials; null where not known. */
export function fairnessOfUse(trials: readonly Trial[]): number | null {
  const indices = trials.map(({ nodes }) => {
    const uses = nodes.map(({ cpuCores, capacityCores }) =>
      cpuCores === null || capacityCores === null ? Number.NaN : cpuCores / capacityCores,
    )
    return uses.length === 0 || uses.some(Number.isNaN) ? null : fairness(uses)
  })
  return meanKnown(indices)
}
