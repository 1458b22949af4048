import type { Random } from '../load/random.ts'
import { Latencies } from '../measure/latencies.ts'
import { type Estimate, geometricEstimate, pairedRatio } from '../measure/statistics.ts'
import type { Trial } from './trial.ts'

/** The figures of a latency distribution that are reported. */
export const latencyMeasures = ['min', 'mean', 'p50', 'p90', 'p95', 'p99', 'p99.9', 'max'] as const
export type LatencyMeasure = (typeof latencyMeasures)[number]

/** Those that tables show with their intervals. */
export const mainMeasures = [
  'mean',
  'p50',
  'p95',
  'p99',
] as const satisfies readonly LatencyMeasure[]

/** Latencies of one contender's calls of one class, milliseconds. */
export type ClassSummary = {
  /** Of all repeats together, for drawing. */
  readonly pooled: Latencies
  /** Geometric mean over the repeats with its interval; null when no call was answered. */
  readonly measures: { readonly [measure in LatencyMeasure]: Estimate | null }
  /** To the baseline, by pairs of repeats; null for the baseline itself and where there is no pair. */
  readonly ratios: { readonly [measure in LatencyMeasure]: Estimate | null }
}

/** @param label null: all calls */
export function summarizeClass(
  label: string | null,
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

/** One figure of each repeat, milliseconds above 0. @param label null: all calls */
export function figuresByRepeat(
  trials: readonly Trial[],
  label: string | null,
  measure: LatencyMeasure,
): ReadonlyMap<number, number> {
  return figuresOf(byRepeat(trials, label), measure)
}

/** One figure of all calls of a trial, milliseconds; null when none was answered. */
export function latencyOf(trial: Trial, measure: LatencyMeasure): number | null {
  return figuresOf(byRepeat([trial], null), measure).get(trial.repeat) ?? null
}

/** Each repeat's latencies of one class, those without an answer left out. */
function byRepeat(trials: readonly Trial[], label: string | null): ReadonlyMap<number, Latencies> {
  const latencies = new Map<number, Latencies>()
  for (const trial of trials) {
    const merged = Latencies.empty()
    for (const [name, tally] of Object.entries(trial.classes)) {
      if (label !== null && label !== name) continue
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
    [...repeats].map(([repeat, latencies]) => [
      repeat,
      Math.max(leastMs, valueMs(latencies, measure)),
    ]),
  )
}

function valueMs(latencies: Latencies, measure: LatencyMeasure): number {
  if (measure === 'mean') return latencies.meanMs
  if (measure === 'max') return latencies.maxMs
  return latencies.percentileMs(measure === 'min' ? 0 : Number(measure.slice(1)))
}

function record<Value>(entries: readonly (readonly [LatencyMeasure, Value])[]): {
  readonly [measure in LatencyMeasure]: Value
} {
  return Object.fromEntries(entries) as { [measure in LatencyMeasure]: Value }
}
