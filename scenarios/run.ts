import type { BenchConfig, Rules } from './config.ts'
import { foreignCores } from './foreign.ts'
import type { OpenLoopResult } from './load/book.ts'
import { type Generated, generateLoad, generateSaturation } from './load/generator.ts'
import { CounterWindow } from './measure/counter-window.ts'
import type { Use } from './measure/counters.ts'
import { StatePathRecorder } from './measure/state-path.ts'
import type { Cell } from './report/results.ts'
import type { Trial } from './report/trial.ts'
import type { Slot } from './schedule.ts'
import type { Site } from './site.ts'
import { workloadOn } from './workloads/catalogue.ts'

/** Which trial to make, and of what. */
export type TrialOrder = {
  readonly config: BenchConfig
  readonly slot: Slot
  readonly cell: Cell
  /** Whether it counts even if a rule is broken; the report says so then. */
  readonly countsAnyway: boolean
}

/** Calls kept under way by `--saturate`. */
const saturationConnections = 32

/**
 * One trial: makes the site ready, loads it, and reads the counters at both ends of the measured
 * window, the warm-up left out. Trials of one cell and repeat get the same calls at the same times,
 * and the same disturbances.
 *
 * @throws the signal's reason when aborted; Error when the site or the generator fails
 */
export async function runTrial(order: TrialOrder, site: Site, signal: AbortSignal): Promise<Trial> {
  const { config, slot, cell, countsAnyway } = order
  const { contender, repeat } = slot
  signal.throwIfAborted()
  const { url, sources } = await site.prepare(contender, signal)
  const startedAt = new Date().toISOString()
  const target = {
    url,
    workload: workloadOn(slot.cell.profile?.slowReadsPerSecond != null, cell.workload),
    facts: site.facts,
    seed: config.seed,
    stream: `repeat-${repeat}`,
    timeoutMs: config.timeoutMs,
  }
  const { warmupMs, durationMs, maxInFlight } = config
  const { ratePerSecond } = cell
  const window = new CounterWindow(sources)
  const path = sources === null || repeat > 0 ? null : new StatePathRecorder(sources.agentUrl)
  await site.disturb(config.seed + repeat)
  const generated = await generateLoad(
    {
      ...target,
      ...{ kind: 'open-loop', ratePerSecond, warmupMs, durationMs, maxInFlight },
      arrivals: config.arrivals,
      idleMs: cell.calls.map(({ idleMs }) => idleMs),
    },
    {
      signal,
      onWindow: (phase) => {
        window.pass()
        if (phase === 'begin') path?.begin()
      },
    },
  ).finally(() => {
    // Also when it is interrupted: a look that went on would keep the program from ending.
    path?.end()
    site.calm()
  })
  const statePath = path?.end() ?? null
  site.assertSound()
  const use = await window.use()
  const saturation = config.saturate
    ? await generateSaturation(
        { ...target, kind: 'saturation', connections: saturationConnections, durationMs },
        { signal },
      )
    : null
  site.assertSound()
  const foreignCpuCores = foreignCores(use, generated.cpuCores)
  const wrong = disturbance(foreignCpuCores, generated, config.rules)
  return {
    cell: cell.id,
    contender: contender.name,
    repeat,
    startedAt,
    dropped: countsAnyway ? null : wrong,
    disturbed: countsAnyway ? wrong : null,
    ...outcome(generated),
    ...resources(use),
    foreignCpuCores,
    saturation: saturation?.result ?? null,
    path: statePath === null ? null : { ...statePath, nodes: statePath.nodes.map(copied) },
  }
}

/** What kept the trial from being a fair one, by rules fixed before it; null where nothing did. */
function disturbance(
  foreignCpuCores: number | null,
  { result, cpuCores, loopBusy }: Generated<OpenLoopResult>,
  { mostForeignCores, mostLateMs, mostBusyShare }: Rules,
): string | null {
  const { p99Ms } = result.lateness
  if (foreignCpuCores !== null && foreignCpuCores > mostForeignCores) {
    return `${foreignCpuCores.toFixed(2)} cores of foreign CPU`
  }
  if (p99Ms > mostLateMs) return `calls were sent ${p99Ms.toFixed(1)} ms late at p99`
  const busyShare = Math.max(cpuCores, loopBusy)
  return busyShare > mostBusyShare
    ? `the generator was ${(100 * busyShare).toFixed(0)} % busy`
    : null
}

function outcome({ result, cpuCores, loopBusy, audit }: Generated<OpenLoopResult>) {
  const { classes, slowdown, lateness, mostInFlight, examples, series, backwardSteps } = result
  return {
    classes: { ...classes },
    slowdown,
    lateness: { ...lateness },
    mostInFlight,
    examples: [...examples],
    backwardSteps,
    generator: { cpuCores, loopBusy },
    audit: audit === null ? null : { counts: { ...audit.counts }, faults: [...audit.faults] },
    series: {
      stepMs: series.stepMs,
      sent: [...series.sent],
      meanMs: [...series.meanMs],
      p95Ms: [...series.p95Ms],
    },
  }
}

function resources(use: Use | null) {
  return {
    nodes: [...(use?.nodes ?? [])],
    proxyCpuCores: use?.proxyCpuCores ?? null,
    proxyMemoryBytes: use?.proxyMemoryBytes ?? null,
  }
}

type NodePath = NonNullable<Trial['path']>['nodes'][number]

function copied({
  id,
  cpu,
  pressure,
}: { readonly [name in keyof NodePath]: Readonly<NodePath[name]> }) {
  return { id, cpu: [...cpu], pressure: [...pressure] }
}
