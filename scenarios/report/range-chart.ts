import type { Estimate } from '../measure/statistics.ts'
import type { LatencyMeasure } from './class-summary.ts'
import { formatEstimate, formatMs, formatRatio } from './format.ts'
import { bottomAxis, chartWidth, plotRight, seriesClass, tickMs, tickPlain } from './frame.ts'
import { logScale, type Scale } from './scale.ts'
import { allCalls, type CellSummary } from './summary.ts'
import { element, label, line, type Markup, picture } from './svg.ts'

const left = 14
/** Whiskers are drawn no further than this many times their figure, lest one hide all the rest. */
const longestWhisker = 20
const headHeight = 24
/** Height of a row: a few stretch to about the height of a curve chart beside them. */
const rowHeights = { least: 30, most: 46, together: 216 } as const
const axisHeight = 42

/** One contender in one class: what to draw in its row. */
type Row = {
  /** A heading above the first row that has it; empty: none. */
  readonly head: string
  readonly name: string
  /** What the row shows, in figures. */
  readonly figure: string
  readonly index: number
  readonly draw: Draw
}
type Draw = (scale: Scale, y: number) => Markup

/**
 * For each contender a bar from p50 to p99 of one class of calls, with p95 on it and the interval of
 * p99 as a whisker; latency on a logarithmic axis.
 */
export function latencyRanges({ contenders }: CellSummary, className: string): Markup {
  const values: number[] = []
  const rows = contenders.flatMap((contender): Row[] => {
    const index = contender.place
    const measures = contender.classes.get(className)?.measures
    const [p50, p95, p99] = [measures?.p50, measures?.p95, measures?.p99]
    if (!p50 || !p95 || !p99) return []
    values.push(p50.value, p99.value, reach(p99).high)
    const figures = [p50, p95, p99].map((figure) => formatEstimate(figure, formatMs))
    const draw: Draw = (scale, y) =>
      element(
        'g',
        { class: seriesClass(index) },
        element('title', {}, `p50, p95, p99: ${figures.join(', ')} ms`),
        bar(scale.at(p50.value), scale.at(p99.value), y),
        whisker(scale, p99, y),
        dot(scale.at(p50.value), y, 'hollow'),
        line(scale.at(p95.value), y - 5, scale.at(p95.value), y + 5, 'mark'),
        dot(scale.at(p99.value), y, 'full'),
      )
    const figure = `${formatMs(p50.value)} · ${formatMs(p95.value)} · ${formatMs(p99.value)}`
    return [{ head: '', name: contender.name, figure, index, draw }]
  })
  return rowChart(
    rows,
    spanning(values, 1.15),
    tickMs,
    'ms, logarithmic',
    `p50 to p99 of ${className} calls, by contender`,
  )
}

/** For each rival of the baseline its p99, p95 and mean as multiples, with intervals; 1 is no difference. */
export function ratioRanges({ results, contenders }: CellSummary): Markup {
  const { baseline } = results.parameters
  const values: number[] = [0.8, 1.25]
  const rows = (['p99', 'p95', 'mean'] as const satisfies readonly LatencyMeasure[]).flatMap(
    (measure) =>
      contenders.flatMap((contender): Row[] => {
        const index = contender.place
        const ratio = contender.classes.get(allCalls)?.ratios[measure]
        if (!ratio || contender.name === baseline) return []
        values.push(reach(ratio).low, ratio.value, reach(ratio).high)
        const draw: Draw = (scale, y) =>
          element(
            'g',
            { class: seriesClass(index) },
            whisker(scale, ratio, y),
            dot(scale.at(ratio.value), y, 'full'),
          )
        const head = `${measure} of all calls, × ${baseline}`
        return [
          { head, name: contender.name, figure: formatEstimate(ratio, formatRatio), index, draw },
        ]
      }),
  )
  const scale = spanning(values, 1.08)
  const even = (bottom: number) => line(scale.at(1), 4, scale.at(1), bottom, 'even')
  return rowChart(
    rows,
    scale,
    tickPlain,
    'logarithmic; left of 1 is faster',
    `Latency against ${baseline}`,
    even,
  )
}

/** Rows one below the other, a heading where it changes, the axis at the bottom. */
function rowChart(
  rows: readonly Row[],
  scale: Scale,
  format: (value: number) => string,
  meaning: string,
  description: string,
  behind: (bottom: number) => Markup = () => '',
): Markup {
  const parts: Markup[] = []
  const { least, most, together } = rowHeights
  const rowHeight = Math.min(most, Math.max(least, together / Math.max(1, rows.length)))
  let y = 6
  let head = ''
  for (const row of rows) {
    if (row.head !== head) {
      head = row.head
      y += headHeight
      parts.push(label(left, y - 7, head, 'start', 'head'))
    }
    parts.push(label(left, y + 9, row.name, 'start', `name ${seriesClass(row.index)}`))
    parts.push(label(plotRight, y + 9, row.figure, 'end', 'figure'))
    parts.push(row.draw(scale, y + 21))
    y += rowHeight
  }
  return picture(
    chartWidth,
    y + axisHeight,
    description,
    bottomAxis(scale, 4, y + 4, format, meaning),
    behind(y + 4),
    ...parts,
  )
}

function spanning(values: readonly number[], margin: number): Scale {
  const min = Math.min(...values)
  return logScale(min / margin, Math.max(...values, min * 1.5) * margin, left, plotRight)
}

function bar(x1: number, x2: number, y: number): Markup {
  return element('rect', {
    x: x1,
    y: y - 4,
    width: Math.max(1, x2 - x1),
    height: 8,
    rx: 4,
    class: 'bar',
  })
}

function whisker(scale: Scale, figure: Estimate, y: number): Markup {
  if (figure.low === null || figure.high === null) return ''
  const { low, high } = reach(figure)
  const [x1, x2] = [scale.at(low), scale.at(high)]
  const ends = [
    [figure.low, low, x1],
    [figure.high, high, x2],
  ] as const
  return [
    line(x1, y, x2, y, 'whisker'),
    // One that is cut off has no end.
    ...ends.map(([end, drawn, x]) => (end === drawn ? line(x, y - 4, x, y + 4, 'whisker') : '')),
  ].join('')
}

/** The stretch of an interval that is drawn. */
function reach({ value, low, high }: Estimate): { readonly low: number; readonly high: number } {
  return {
    low: Math.max(value / longestWhisker, low ?? value),
    high: Math.min(value * longestWhisker, high ?? value),
  }
}

function dot(x: number, y: number, kind: 'hollow' | 'full'): Markup {
  return element('circle', { cx: x, cy: y, r: 4.5, class: kind })
}
