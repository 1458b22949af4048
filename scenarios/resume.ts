import type { BenchConfig, BenchFlags } from './config.ts'
import { UsageError } from './flags.ts'
import type { Results } from './report/results.ts'
import { cellsOf } from './schedule.ts'

/** Of one run alone, not of what is measured: how long, and what is made of it. */
const ofOneRun: ReadonlySet<string> = new Set([...['budget', 'once', 'failIf', 'resume', 'out']])

/** The flags that a run goes on with: those it was begun with, unless they are given anew. */
export function resumedFlags({ parameters }: Results, given: BenchFlags): BenchFlags {
  const kept = Object.entries(parameters.flags).filter(([name]) => !ofOneRun.has(name))
  const flags: BenchFlags = { ...Object.fromEntries(kept), ...given }
  // What the first run's budget made of it holds for all.
  return flags.repeats === undefined ? { ...flags, repeats: String(parameters.repeats) } : flags
}

/**
 * Trials of another kind would be compared with each other.
 * @throws UsageError with each flag that was another
 */
export function refuseOtherWays(earlier: Results, config: BenchConfig, folder: string): void {
  const { parameters, cells, trials } = earlier
  const ways = [
    ['--duration', parameters.durationMs, config.durationMs],
    ['--warmup', parameters.warmupMs, config.warmupMs],
    ['--seed', parameters.seed, config.seed],
    ['--transport', parameters.transport, config.transport],
    ['--fleet', parameters.fleet, config.profiles.length === 0 ? null : config.fleet],
    ['--max-in-flight', parameters.maxInFlight, config.maxInFlight],
    ['--timeout', parameters.timeoutMs, config.timeoutMs],
    ['--saturate', parameters.saturate, config.saturate],
    ['--foreign', parameters.rules.mostForeignCores, config.rules.mostForeignCores],
    ['--late', parameters.rules.mostLateMs, config.rules.mostLateMs],
  ] as const
  const problems = ways
    .filter(([, before, now]) => before !== now)
    .map(([flag, before]) => `--resume ${folder}: ${flag} was ${before} there`)
  const names = new Set(config.contenders.map(({ name }) => name))
  const lost = [...new Set(trials.map(({ contender }) => contender))].filter(
    (one) => !names.has(one),
  )
  if (lost.length > 0) problems.push(`--resume ${folder}: ${lost.join(', ')} took part there`)
  const planned = new Map(cellsOf(config).map((cell) => [cell.id, cell]))
  const gone = cells.filter(({ id }) => !planned.has(id)).map(({ id }) => id)
  if (gone.length > 0) problems.push(`--resume ${folder}: ${gone.join(', ')} was measured there`)
  if (problems.length > 0) throw new UsageError(problems)
}
