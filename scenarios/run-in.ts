import type { BenchConfig } from './config.ts'
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
/** Of the capacity: enough to compile and to fill caches, too little for a queue. */
const gentleLoad = 0.5

/**
 * Loads a new stand, not measured, until it is steady: V8 goes on compiling for seconds, nodes fill
 * their caches, and that must fall on no contender. Window after window with the same calls, until
 * their median latency falls no more.
 */
export async function runIn(
  { config, plan, cell, tell }: RunInOrder,
  site: Site,
  signal: AbortSignal,
): Promise<void> {
  const contender = config.contenders.find(({ name }) => name === config.baseline)
  if (contender === undefined) throw new RangeError(`no contender ${config.baseline}`)
  const share = cell.load === null ? 1 : Math.min(1, gentleLoad / cell.load)
  const medians: number[] = []
  while (medians.length < mostWindows) {
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
    medians.push(all.percentileMs(50))
    const [before = 0, last = 0] = medians.slice(-2)
    if (medians.length >= leastWindows && last >= before * steadyShare) return
  }
  tell(`${cell.id}: still getting faster after ${(mostWindows * windowMs) / 1000} s of run-in`)
}
