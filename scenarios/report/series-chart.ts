import {
  bottomAxis,
  chartWidth,
  leftAxis,
  plotLeft,
  plotRight,
  seriesClass,
  tickMs,
  tickPlain,
} from './frame.ts'
import { linearScale, logScale } from './scale.ts'
import type { CellSummary, ContenderSummary } from './summary.ts'
import { type Markup, picture, polyline } from './svg.ts'

const top = 10
const bottom = 232
const height = 272
/** More points than this are drawn as means of neighbours. */
const mostPoints = 60

/** Mean latency by the time in a trial, geometric mean over the repeats, a line for each contender. */
export function latencyOverTime({ contenders, results }: CellSummary): Markup {
  const seconds = results.parameters.durationMs / 1000
  const lines = contenders.map((contender) => ({
    index: contender.place,
    points: pointsOf(contender),
  }))
  const all = lines.flatMap(({ points }) => points.map(([, ms]) => ms))
  const least = Math.min(...all, Number.MAX_VALUE)
  if (all.length === 0) return ''
  const values = logScale(least * 0.85, Math.max(...all, least * 2) * 1.15, bottom, top)
  const times = linearScale(seconds, plotLeft, plotRight)
  return picture(
    chartWidth,
    height,
    'Mean latency over the time of a trial, by contender',
    bottomAxis(times, top, bottom, tickPlain, 'seconds in the measured window'),
    leftAxis(values, tickMs),
    ...lines.map(({ index, points }) =>
      polyline(
        points.map(([second, ms]) => [times.at(second), values.at(ms)] as const),
        `curve ${seriesClass(index)}`,
      ),
    ),
  )
}

function pointsOf({ trials }: ContenderSummary): readonly (readonly [number, number])[] {
  const [first] = trials
  if (first === undefined) return []
  const { stepMs, meanMs } = first.series
  const span = Math.max(1, Math.ceil(meanMs.length / mostPoints))
  return Array.from({ length: Math.ceil(meanMs.length / span) }, (_, i) => i * span).flatMap(
    (from) => {
      const values = trials.flatMap(({ series }) =>
        series.meanMs.slice(from, from + span).filter((ms) => ms !== null && ms > 0),
      )
      const logs = values.map((ms) => Math.log(ms ?? 1))
      if (logs.length === 0) return []
      const middle = ((from + Math.min(from + span, meanMs.length)) / 2) * (stepMs / 1000)
      return [[middle, Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length)] as const]
    },
  )
}
