import type { BenchConfig } from './config.ts'
import type { Contender } from './contenders.ts'
import { generateLoad } from './load/generator.ts'
import { Latencies } from './measure/latencies.ts'
import type { Cell } from './report/results.ts'
import type { CellPlan } from './schedule.ts'
import type { Site } from './site.ts'
import { workloadOn } from './workloads/catalogue.ts'

export type RunInOrder = {
  readonly config: BenchConfig
  readonly plan: CellPlan
  readonly cell: Cell
  readonly tell: (line: string) => void
}

const windowMs = 3_000
const leastWindows = 2
const mostWindows = 6
/** Steady once a window is not faster than the one before by more than this. */
const steadyShare = 0.95
/**
 * What a proxy has learned of its calls it keeps for as long as it runs, so that is given time to those
 * who learn: about as long as the costs of heavy calls take to settle (proxy/state/README.md), no
 * longer than a trial.
 */
const learnWindows = 5
const learners = new Set(['state-space'])
/** Of the capacity: enough to compile and to fill caches, too little for a queue. */
const gentleLoad = 0.5

/**
 * Loads a new stand, not measured, until it is steady: V8 goes on compiling for seconds, nodes fill
 * their caches, and that must fall on no contender. Window after window with the same calls, until
 * their median latency falls no more; and then some in which strategies that learn do so.
 */
export async function runIn(order: RunInOrder, site: Site, signal: AbortSignal): Promise<void> {
  const { config, cell, tell } = order
  const baseline = config.contenders.find(({ name }) => name === config.baseline)
  if (baseline === undefined) throw new RangeError(`no contender ${config.baseline}`)
  const medians: number[] = []
  const isSteady = (): boolean => {
    const [before = 0, last = 0] = medians.slice(-2)
    return medians.length >= leastWindows && last >= before * steadyShare
  }
  while (medians.length < mostWindows && !isSteady()) {
    medians.push(await medianOf(order, baseline, site, signal))
  }
  if (!isSteady()) {
    tell(`${cell.id}: still getting faster after ${(mostWindows * windowMs) / 1000} s of run-in`)
  }
  const learner = config.contenders.find(
    ({ name, url }) => url === null && learners.has(name.split(':')[0] ?? ''),
  )
  if (learner === undefined) return
  const trialWindows = Math.ceil((config.warmupMs + config.durationMs) / windowMs)
  for (let i = 0; i < Math.min(learnWindows, trialWindows); i += 1) {
    await medianOf(order, learner, site, signal)
  }
}

/** One window. @returns the median latency of all its calls, milliseconds */
async function medianOf(
  { config, plan, cell }: RunInOrder,
  contender: Contender,
  site: Site,
  signal: AbortSignal,
): Promise<number> {
  const share = cell.load === null ? 1 : Math.min(1, gentleLoad / cell.load)
  const { url } = await site.prepare(contender, signal)
  const { result } = await generateLoad(
    {
      kind: 'open-loop',
      url,
      workload: workloadOn(plan.profile?.slowReadsPerSecond != null, cell.workload),
      facts: site.facts,
      ...{ seed: config.seed, stream: 'run-in', idleMs: [], rowsAlone: true },
      ratePerSecond: cell.ratePerSecond * share,
      ...{ warmupMs: 0, durationMs: windowMs },
      ...{ maxInFlight: config.maxInFlight, timeoutMs: config.timeoutMs },
    },
    { signal },
  )
  site.assertSound()
  const all = Latencies.empty()
  for (const { histogram, meanMs } of Object.values(result.classes)) {
    all.add(Latencies.decode(histogram, meanMs))
  }
  return all.percentileMs(50)
}
