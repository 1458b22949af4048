import { betweenTrialsMs } from './compare.ts'
import type { BenchConfig } from './config.ts'
import { cellsOf } from './schedule.ts'

/** To bring a fleet up and to find its capacity, on a machine of two cores. */
const standMs = { anvil: 20_000, geth: 35_000, targets: 2_000 } as const
const most = 1_000

/** How long a comparison of so many repeats takes, milliseconds. */
export function expectedMs(config: BenchConfig, repeats: number): number {
  const trials = config.contenders.length * cellsOf(config).length * repeats
  return standsMs(config) + trials * trialMs(config)
}

/** What one trial takes with all that belongs to it. */
export function trialMs({ warmupMs, durationMs, saturate }: BenchConfig): number {
  return warmupMs + durationMs + (saturate ? durationMs : 0) + betweenTrialsMs
}

/** As many repeats as are wanted, or as the budget holds; one at least. */
export function repeatsOf(config: BenchConfig): number {
  const { repeats, budgetMs } = config
  if (repeats !== null) return repeats
  const roundMs = config.contenders.length * cellsOf(config).length * trialMs(config)
  const room = ((budgetMs ?? 0) - standsMs(config)) / roundMs
  return Math.min(most, Math.max(1, Math.floor(room)))
}

function standsMs({ profiles, fleet }: BenchConfig): number {
  return profiles.length === 0 ? standMs.targets : profiles.length * standMs[fleet]
}
