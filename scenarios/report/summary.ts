import { randomStream } from '../load/random.ts'
import { isRising } from '../measure/drift.ts'
import {
  type Estimate,
  estimate,
  geometricEstimate,
  mean,
  meanKnown,
  sum,
} from '../measure/statistics.ts'
import { type Adjusted, adjustedOf } from './adjustment.ts'
import {
  type ClassSummary,
  type LatencyMeasure,
  latencyMeasures,
  summarizeClass,
} from './class-summary.ts'
import { fairnessOfUse, type NodeSummary, summarizeNodes } from './node-use.ts'
import type { Cell, Results } from './results.ts'
import type { Trial } from './trial.ts'

/** All calls of a trial, beside its classes. */
export const allCalls = 'all'

/** Figures of one contender over all its repeats in one cell. */
export type ContenderSummary = {
  readonly name: string
  /** Among the contenders of the command line, from 0: its colour in every picture. */
  readonly place: number
  /** Trials that count. */
  readonly repeats: number
  /** By class, {@link allCalls} first. */
  readonly classes: ReadonlyMap<string, ClassSummary>
  /** Ratios to the baseline with the CPU used taken out, of all calls; null with too few trials. */
  readonly adjusted: Adjusted | null
  /** Latency ÷ that on an idle node, over all calls: geometric means; null where not known. */
  readonly slowdown: {
    readonly mean: Estimate
    readonly p50: Estimate
    readonly p99: Estimate
  } | null
  /** Right answers a second that came within the window. */
  readonly throughput: Estimate
  readonly sent: number
  readonly succeeded: number
  readonly failures: ReadonlyMap<string, number>
  /** Heads lower than one that was shown before; null when none was asked for. */
  readonly backwardSteps: number | null
  readonly nodes: readonly NodeSummary[]
  /** Jain's index over each node's CPU ÷ capacity; null where not known. */
  readonly fairness: number | null
  /** CPU of all nodes, in cores; null where not known. */
  readonly nodesCpuCores: number | null
  readonly proxyMicrosPerCall: number | null
  readonly proxyMemoryBytes: number | null
  /** Right answers a second when always asked for more; null without `--saturate`. */
  readonly saturation: Estimate | null
  /** Trials in which latency went on rising. */
  readonly rising: number
  /** Trials that count. */
  readonly trials: readonly Trial[]
}

/** One cell: contenders under the same conditions, in the order of the command line. */
export type CellSummary = {
  readonly results: Results
  readonly cell: Cell
  readonly contenders: readonly ContenderSummary[]
  /** Trials that do not count. */
  readonly dropped: readonly Trial[]
}

/** What reports are made from. */
export type Summary = { readonly results: Results; readonly cells: readonly CellSummary[] }

/** Works out all figures of a run; equal results give equal figures to the last digit. */
export function summarize(results: Results): Summary {
  const cells = results.cells.map((cell) => summarizeCell(results, cell))
  return {
    results,
    cells: cells.filter(({ contenders, dropped }) => contenders.length + dropped.length > 0),
  }
}

function summarizeCell(results: Results, cell: Cell): CellSummary {
  const { contenders, baseline } = results.parameters
  const own = results.trials.filter((trial) => trial.cell === cell.id)
  const sound = own.filter(({ dropped }) => dropped === null)
  const byContender = Map.groupBy(sound, ({ contender }) => contender)
  const adjusted = adjustedOf(sound, baseline)
  return {
    results,
    cell,
    dropped: own.filter(({ dropped }) => dropped !== null),
    contenders: contenders.flatMap((name) => {
      const trials = byContender.get(name)
      if (trials === undefined) return []
      const rivals = name === baseline ? [] : (byContender.get(baseline) ?? [])
      const one = summarizeContender(name, trials, rivals, results, cell)
      return [{ ...one, adjusted: adjusted.get(name) ?? null }]
    }),
  }
}

function summarizeContender(
  name: string,
  trials: readonly Trial[],
  baseline: readonly Trial[],
  { parameters }: Results,
  cell: Cell,
): Omit<ContenderSummary, 'adjusted'> {
  const random = (what: string) =>
    randomStream(parameters.seed, `resample/${cell.id}/${name}/${what}`)
  const windowSeconds = parameters.durationMs / 1000
  const saturated = trials.flatMap(({ saturation }) =>
    saturation === null ? [] : [saturation.answersPerSecond],
  )
  const failures = new Map<string, number>()
  for (const tally of trials.flatMap((trial) => Object.values(trial.classes))) {
    for (const [kind, count] of Object.entries(tally.failures)) {
      failures.set(kind, (failures.get(kind) ?? 0) + count)
    }
  }
  return {
    name,
    place: parameters.contenders.indexOf(name),
    repeats: trials.length,
    trials,
    classes: new Map(
      [allCalls, ...cell.classes].map((label) => [
        label,
        summarizeClass(label === allCalls ? null : label, trials, baseline, random(label)),
      ]),
    ),
    slowdown: slowdownOf(trials, random('slowdown')),
    throughput: estimate(
      trials.map((trial) => total(trial, 'inWindow') / windowSeconds),
      mean,
      random('throughput'),
    ),
    ...serviceOf(trials),
    failures,
    backwardSteps: backwardStepsOf(trials),
    nodes: summarizeNodes(trials),
    fairness: fairnessOfUse(trials),
    nodesCpuCores: meanKnown(trials.map(nodesCpu)),
    proxyMicrosPerCall: meanKnown(trials.map((trial) => proxyMicros(trial, windowSeconds))),
    proxyMemoryBytes: meanKnown(trials.map(({ proxyMemoryBytes }) => proxyMemoryBytes)),
    saturation: saturated.length === 0 ? null : estimate(saturated, mean, random('saturation')),
    rising: trials.filter(({ series }) => isRising(series.meanMs.filter((ms) => ms !== null)))
      .length,
  }
}

/** Figures that a condition can name, beside the latencies. */
const plainFigures: { readonly [name: string]: (one: ContenderSummary) => number | null } = {
  throughput: ({ throughput }) => throughput.value,
  success: ({ sent, succeeded }) => (sent === 0 ? null : succeeded / sent),
  backward: ({ backwardSteps }) => backwardSteps,
  fairness: ({ fairness }) => fairness,
  slowdown: ({ slowdown }) => slowdown?.mean.value ?? null,
  cpu: ({ proxyMicrosPerCall }) => proxyMicrosPerCall,
}

/** The measures of a condition. */
export const conditionMeasures: readonly string[] = [
  ...latencyMeasures,
  ...Object.keys(plainFigures),
]

/** One figure of a cell by its names. @param label a class; null: all calls @returns null when not known */
export function figureOf(
  { contenders }: CellSummary,
  measure: string,
  contender: string,
  label: string | null,
): number | null {
  const found = contenders.find(({ name }) => name === contender)
  if (found === undefined) return null
  const plain = plainFigures[measure]
  if (plain !== undefined) return plain(found)
  const { measures } = found.classes.get(label ?? allCalls) ?? {}
  const latency = latencyMeasures.find((name): name is LatencyMeasure => name === measure)
  return latency === undefined ? null : (measures?.[latency]?.value ?? null)
}

function slowdownOf(trials: readonly Trial[], random: () => number): ContenderSummary['slowdown'] {
  const known = trials.flatMap(({ slowdown }) => (slowdown === null ? [] : [slowdown]))
  if (known.length < trials.length || known.length === 0) return null
  const over = (figure: 'mean' | 'p50' | 'p99') =>
    geometricEstimate(
      known.map((one) => Math.max(0.001, one[figure])),
      random,
    )
  return { mean: over('mean'), p50: over('p50'), p99: over('p99') }
}

function backwardStepsOf(trials: readonly Trial[]): number | null {
  const known = trials.flatMap(({ backwardSteps }) =>
    backwardSteps === null ? [] : [backwardSteps],
  )
  return known.length === 0 ? null : sum(known)
}

function nodesCpu({ nodes }: Trial): number | null {
  const known = nodes.flatMap(({ cpuCores }) => (cpuCores === null ? [] : [cpuCores]))
  return nodes.length === 0 || known.length < nodes.length ? null : sum(known)
}

function proxyMicros(trial: Trial, windowSeconds: number): number | null {
  const calls = total(trial, 'inWindow')
  if (trial.proxyCpuCores === null || calls === 0) return null
  return (trial.proxyCpuCores * windowSeconds * 1e6) / calls
}

/** Calls of some trials together, and those that were answered rightly. */
export function serviceOf(trials: readonly Trial[]): Pick<ContenderSummary, 'sent' | 'succeeded'> {
  return {
    sent: sum(trials.map((trial) => total(trial, 'sent'))),
    succeeded: sum(trials.map((trial) => total(trial, 'succeeded'))),
  }
}

function total(trial: Trial, count: 'sent' | 'succeeded' | 'inWindow'): number {
  return sum(Object.values(trial.classes).map((tally) => tally[count]))
}
