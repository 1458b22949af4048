import { fairness, mean, meanKnown, sum } from '../measure/statistics.ts'
import type { Trial } from './trial.ts'

/** What one node did under one contender, mean over its repeats; null where not known. */
export type NodeSummary = {
  readonly id: string
  /** Of the calls sent to the fleet, in [0, 1]. */
  readonly share: number
  /** Of the fleet's cores, in [0, 1]. */
  readonly capacityShare: number | null
  readonly cpuCores: number | null
  readonly capacityCores: number | null
  readonly memoryBytes: number | null
  readonly diskBytesPerSecond: number | null
  readonly networkBytesPerSecond: number | null
}

/** Every node of the fleet over the trials of one contender, in the fleet's order. */
export function summarizeNodes(trials: readonly Trial[]): readonly NodeSummary[] {
  const ids = trials[0]?.nodes.map(({ id }) => id) ?? []
  const nodes = ids.map((id) => {
    const uses = trials.flatMap((trial) => trial.nodes.filter((node) => node.id === id))
    const over = (
      figure:
        | 'cpuCores'
        | 'capacityCores'
        | 'memoryBytes'
        | 'diskBytesPerSecond'
        | 'networkBytesPerSecond',
    ) => meanKnown(uses.map((use) => use[figure]))
    return {
      id,
      share: mean(trials.map((trial) => shareOf(trial, id))),
      cpuCores: over('cpuCores'),
      capacityCores: over('capacityCores'),
      memoryBytes: over('memoryBytes'),
      diskBytesPerSecond: over('diskBytesPerSecond'),
      networkBytesPerSecond: over('networkBytesPerSecond'),
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

function shareOf({ nodes }: Trial, id: string): number {
  const calls = sum(nodes.map((node) => node.calls))
  const own = nodes.find((node) => node.id === id)?.calls ?? 0
  return calls === 0 ? 0 : own / calls
}
