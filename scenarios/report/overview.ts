import { arrows, formatEstimate, formatPercent, formatRatio, unknown } from './format.ts'
import { allCalls, type Summary } from './summary.ts'
import { nameColumn, type Table } from './table-form.ts'
import type { Bearing, UsableLoad } from './usable-load.ts'
import { usableLoads } from './usable-load.ts'
import { shownDifference } from './verdict.ts'

/** Tables over all cells: p99 against the baseline, and what loads are borne. Empty with one cell. */
export function overviewTables(summary: Summary): readonly Table[] {
  if (summary.cells.length < 2) return []
  return [ratios(summary), ...usableLoads(summary).map(loads)]
}

function ratios({ results, cells }: Summary): Table {
  const { contenders, baseline } = results.parameters
  return {
    title: `p99 of all calls against ${baseline}`,
    note: 'Multiple of the baseline, by pairs of repeats, with its 95 % interval; ↓ lower and ↑ higher where that does not hold 1.',
    columns: ['conditions', ...contenders.filter((name) => name !== baseline)],
    rows: cells.map((cell) => {
      const reference = cell.contenders.find(({ name }) => name === baseline)
      return [
        cell.cell.id,
        ...contenders
          .filter((name) => name !== baseline)
          .map((name) => {
            const contender = cell.contenders.find((one) => one.name === name)
            const ratio = contender?.classes.get(allCalls)?.ratios.p99 ?? null
            if (contender === undefined || reference === undefined || ratio === null) return unknown
            const arrow = arrows[shownDifference(contender, reference, ratio)]
            return `${formatEstimate(ratio, formatRatio)}${arrow}`
          }),
      ]
    }),
  }
}

function loads({ profile, workload, limitMs, loads: borne }: UsableLoad): Table {
  return {
    title: `Highest load with a p99 below ${limitMs} ms, ${profile}, ${workload}`,
    note: 'Share of the capacity, between the measured loads by interpolation.',
    columns: [nameColumn, 'load'],
    rows: [...borne].map(([name, bearing]) => [name, bearingText(bearing)]),
  }
}

function bearingText({ load, bound }: Bearing): string {
  const share = formatPercent(load, 0)
  return bound === 'at' ? share : bound === 'above' ? `${share} or more` : `less than ${share}`
}
