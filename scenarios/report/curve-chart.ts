import {
  bottomAxis,
  chartWidth,
  leftAxis,
  plotLeft,
  plotRight,
  seriesClass,
  tickMs,
} from './frame.ts'
import { logScale, oddsScale } from './scale.ts'
import type { CellSummary } from './summary.ts'
import { type Markup, picture, polyline } from './svg.ts'

const top = 10
const bottom = 232
const height = 272

/**
 * How many calls of one class were answered within how long, a curve for each contender: latency on a
 * logarithmic axis, shares by their odds.
 */
export function latencyCurves({ contenders }: CellSummary, label: string): Markup {
  const shares = oddsScale(bottom, top)
  const curves = contenders.flatMap((contender) => {
    const index = contender.place
    const latencies = contender.classes.get(label)?.pooled
    if (latencies === undefined || latencies.count === 0) return []
    const points = shares.curve.map(
      (share) => [Math.max(0.001, latencies.percentileMs(share * 100)), share] as const,
    )
    return [{ index, points }]
  })
  const all = curves.flatMap(({ points }) => points.map(([ms]) => ms))
  const min = Math.min(...all, 1)
  const times = logScale(min * 0.9, Math.max(...all, min * 2) * 1.1, plotLeft, plotRight)
  return picture(
    chartWidth,
    height,
    `Share of ${label} calls answered within a given time, by contender`,
    bottomAxis(times, top, bottom, tickMs, 'ms, logarithmic'),
    leftAxis(shares, (share) => `${Number((share * 100).toFixed(1))} %`),
    ...curves.map(({ index, points }) =>
      polyline(
        points.map(([ms, share]) => [times.at(ms), shares.at(share)] as const),
        `curve ${seriesClass(index)}`,
      ),
    ),
  )
}
