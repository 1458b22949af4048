import { type Random, randomStream } from '../load/random.ts'
import { Latencies } from '../measure/latencies.ts'
import {
  type Estimate,
  estimate,
  geometricEstimate,
  mean,
  meanKnown,
  pairedRatio,
  sum,
} from '../measure/statistics.ts'
import { fairnessOfUse, type NodeSummary, summarizeNodes } from './node-use.ts'
import type { Results, Trial } from './results.ts'

/** The figures of a latency distribution that are reported. */
export const latencyMeasures = ['mean', 'p50', 'p95', 'p99'] as const
export type LatencyMeasure = (typeof latencyMeasures)[number]

/** All calls of a trial, beside its classes. */
export const allCalls = 'all'

/** Latencies of one contender's calls of one class, milliseconds. */
export type ClassSummary = {
  /** Of all repeats together, for drawing. */
  readonly pooled: Latencies
  /** Geometric mean over the repeats with its interval; null when no call was answered. */
  readonly measures: { readonly [measure in LatencyMeasure]: Estimate | null }
  /** To the baseline, by pairs of repeats; null for the baseline itself and where there is no pair. */
  readonly ratios: { readonly [measure in LatencyMeasure]: Estimate | null }
}

/** One contender over all its repeats. */
export type ContenderSummary = {
  readonly name: string
  readonly repeats: number
  /** By class, {@link allCalls} first. */
  readonly classes: ReadonlyMap<string, ClassSummary>
  /** Right answers a second that came within the window. */
  readonly throughput: Estimate
  readonly sent: number
  readonly succeeded: number
  readonly failures: ReadonlyMap<string, number>
  readonly nodes: readonly NodeSummary[]
  /** Jain's index over each node's CPU ÷ capacity; null where not known. */
  readonly fairness: number | null
  readonly proxyMicrosPerCall: number | null
  /** Right answers a second when always asked for more; null without `--saturate`. */
  readonly saturation: Estimate | null
}

/** What reports are made from. Contenders stand in the order of the command line. */
export type Summary = {
  readonly results: Results
  readonly contenders: readonly ContenderSummary[]
}

/** Works out all figures of a run; equal results give equal figures to the last digit. */
export function summarize(results: Results): Summary {
  const { contenders, baseline } = results.parameters
  const byContender = new Map(
    contenders.map((name) => [name, results.trials.filter((trial) => trial.contender === name)]),
  )
  return {
    results,
    contenders: contenders.flatMap((name) => {
      const trials = byContender.get(name) ?? []
      if (trials.length === 0) return []
      const rivals = name === baseline ? [] : (byContender.get(baseline) ?? [])
      return [summarizeContender(name, trials, rivals, results)]
    }),
  }
}

function summarizeContender(
  name: string,
  trials: readonly Trial[],
  baseline: readonly Trial[],
  { parameters, workload }: Results,
): ContenderSummary {
  const random = (what: string) => randomStream(parameters.seed, `resample/${name}/${what}`)
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
  const classes = [allCalls, ...workload.classes]
  return {
    name,
    repeats: trials.length,
    classes: new Map(
      classes.map((label) => [label, summarizeClass(label, trials, baseline, random(label))]),
    ),
    throughput: estimate(
      trials.map((trial) => total(trial, 'inWindow') / windowSeconds),
      mean,
      random('throughput'),
    ),
    sent: sum(trials.map((trial) => total(trial, 'sent'))),
    succeeded: sum(trials.map((trial) => total(trial, 'succeeded'))),
    failures,
    nodes: summarizeNodes(trials),
    fairness: fairnessOfUse(trials),
    proxyMicrosPerCall: meanKnown(trials.map((trial) => proxyMicros(trial, windowSeconds))),
    saturation: saturated.length === 0 ? null : estimate(saturated, mean, random('saturation')),
  }
}

function summarizeClass(
  label: string,
  trials: readonly Trial[],
  baseline: readonly Trial[],
  random: Random,
): ClassSummary {
  const pooled = Latencies.empty()
  const ours = byRepeat(trials, label)
  for (const latencies of ours.values()) pooled.add(latencies)
  const theirs = byRepeat(baseline, label)
  const figures = latencyMeasures.map((measure) => {
    const mine = figuresOf(ours, measure)
    const ratio = pairedRatio(mine, figuresOf(theirs, measure), random)
    const level = mine.size === 0 ? null : geometricEstimate([...mine.values()], random)
    return { measure, level, ratio }
  })
  return {
    pooled,
    measures: record(figures.map(({ measure, level }) => [measure, level])),
    ratios: record(figures.map(({ measure, ratio }) => [measure, ratio])),
  }
}

/** Each repeat's latencies of one class, those without an answer left out. */
function byRepeat(trials: readonly Trial[], label: string): ReadonlyMap<number, Latencies> {
  const latencies = new Map<number, Latencies>()
  for (const trial of trials) {
    const merged = Latencies.empty()
    for (const [name, tally] of Object.entries(trial.classes)) {
      if (label !== allCalls && label !== name) continue
      merged.add(Latencies.decode(tally.histogram, tally.meanMs))
    }
    if (merged.count > 0) latencies.set(trial.repeat, merged)
  }
  return latencies
}

function figuresOf(
  repeats: ReadonlyMap<number, Latencies>,
  measure: LatencyMeasure,
): ReadonlyMap<number, number> {
  // A thousandth of a millisecond is the histogram's unit; 0 has no logarithm.
  const leastMs = 0.001
  return new Map(
    [...repeats].map(([repeat, latencies]) => {
      const valueMs =
        measure === 'mean' ? latencies.meanMs : latencies.percentileMs(Number(measure.slice(1)))
      return [repeat, Math.max(leastMs, valueMs)]
    }),
  )
}

function proxyMicros(trial: Trial, windowSeconds: number): number | null {
  const calls = total(trial, 'inWindow')
  if (trial.proxyCpuCores === null || calls === 0) return null
  return (trial.proxyCpuCores * windowSeconds * 1e6) / calls
}

function total(trial: Trial, count: 'sent' | 'succeeded' | 'inWindow'): number {
  return sum(Object.values(trial.classes).map((tally) => tally[count]))
}

function record<Value>(entries: readonly (readonly [LatencyMeasure, Value])[]): {
  readonly [measure in LatencyMeasure]: Value
} {
  return Object.fromEntries(entries) as { [measure in LatencyMeasure]: Value }
}
