import type { Estimate } from '../measure/statistics.ts'
import { unpairedRatio } from '../measure/unpaired.ts'
import { type LatencyMeasure, latencyOf, mainMeasures } from './class-summary.ts'
import { formatEstimate, formatMoment, formatRatio, unknown } from './format.ts'
import type { ContenderSummary, Summary } from './summary.ts'
import { nameColumn, type Table } from './table-form.ts'

/**
 * How many times as long calls took in the second run as in the first, for each condition and
 * contender that both have. The runs had the machine at different times, so nothing is paired.
 */
export function runsTables(before: Summary, after: Summary): readonly Table[] {
  const when = (run: Summary) => formatMoment(run.results.startedAt)
  return before.cells.flatMap((cell) => {
    const other = after.cells.find((one) => one.cell.id === cell.cell.id)
    if (other === undefined) return []
    const rows = cell.contenders.flatMap((contender) => {
      const same = other.contenders.find(({ name }) => name === contender.name)
      if (same === undefined) return []
      const ratios = mainMeasures.map((measure) => ratioText(contender, same, measure))
      return [
        [contender.name, ...ratios, loadText(cell.cell.ratePerSecond, other.cell.ratePerSecond)],
      ]
    })
    return rows.length === 0
      ? []
      : [
          {
            title: `${cell.cell.id}: ${when(after)} against ${when(before)}`,
            note: 'Latency of all calls as a multiple of the first run, not paired, with its 95 % interval; ↓ lower and ↑ higher where that does not hold 1. The machine may have been faster at one time than at the other.',
            columns: [nameColumn, ...mainMeasures, 'calls/s'],
            rows,
          },
        ]
  })
}

function ratioText(
  before: ContenderSummary,
  after: ContenderSummary,
  measure: LatencyMeasure,
): string {
  const values = ({ trials }: ContenderSummary) =>
    trials.flatMap((trial) => {
      const ms = latencyOf(trial, measure)
      return ms === null ? [] : [ms]
    })
  const [first, second] = [values(before), values(after)]
  if (first.length === 0 || second.length === 0) return unknown
  const ratio = unpairedRatio(second, first)
  return `${formatEstimate(ratio, formatRatio)}${arrowOf(ratio)}`
}

function arrowOf({ low, high }: Estimate): string {
  if (high !== null && high < 1) return ' ↓'
  return low !== null && low > 1 ? ' ↑' : ''
}

function loadText(before: number, after: number): string {
  const change = after / before
  return `× ${formatRatio(change)}`
}
