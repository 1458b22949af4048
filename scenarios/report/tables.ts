import { auditTable } from './audit-table.ts'
import { type ClassSummary, latencyMeasures, mainMeasures } from './class-summary.ts'
import { formatEstimate, formatMs, formatRatio, unknown } from './format.ts'
import { nodeTable, resourceTable, serviceTable } from './service-tables.ts'
import { allCalls, type CellSummary } from './summary.ts'
import { nameColumn, type Table } from './table-form.ts'
import { shownDifference } from './verdict.ts'

/** All tables of one cell, in reading order. @param isFull with those that hold every figure */
export function cellTables(cell: CellSummary, isFull: boolean): readonly Table[] {
  const { classes, profile } = cell.cell
  const labels = classes.length > 1 ? [allCalls, ...classes] : [allCalls]
  const hasRivals = cell.contenders.length > 1
  const isOurs = profile !== 'targets'
  return [
    ...labels.map((label) => latencyTable(cell, label)),
    serviceTable(cell),
    ...present(auditTable(cell)),
    ...(isOurs ? [nodeTable(cell)] : []),
    ...(hasRivals ? labels.map((label) => ratioTable(cell, label)) : []),
    ...(isFull ? labels.map((label) => everyFigure(cell, label)) : []),
    ...(isFull && isOurs ? [resourceTable(cell)] : []),
  ]
}

function present(table: Table | null): readonly Table[] {
  return table === null ? [] : [table]
}

function latencyTable({ contenders }: CellSummary, label: string): Table {
  return {
    title: `Latency of ${calls(label)}, ms`,
    note: 'From the intended start to the last byte, right answers only; 95 % interval over the repeats in brackets.',
    columns: [nameColumn, ...mainMeasures],
    rows: contenders.map((contender) => [
      contender.name,
      ...mainMeasures.map((measure) =>
        formatEstimate(contender.classes.get(label)?.measures[measure] ?? null, formatMs),
      ),
    ]),
  }
}

function everyFigure({ contenders }: CellSummary, label: string): Table {
  const figures = (measures: ClassSummary['measures'] | undefined) =>
    latencyMeasures.map((measure) => {
      const figure = measures?.[measure] ?? null
      return figure === null ? unknown : formatMs(figure.value)
    })
  return {
    title: `Every figure of ${calls(label)}, ms`,
    note: 'Geometric means over the repeats. A maximum grows with the length of a trial.',
    columns: [nameColumn, ...latencyMeasures],
    rows: contenders.map(({ name, classes }) => [name, ...figures(classes.get(label)?.measures)]),
  }
}

function ratioTable({ contenders, results }: CellSummary, label: string): Table {
  const { baseline } = results.parameters
  const reference = contenders.find(({ name }) => name === baseline)
  const rivals = contenders.filter(({ name }) => name !== baseline)
  const isAdjusted = label === allCalls && rivals.some(({ adjusted }) => adjusted !== null)
  return {
    title: `${capital(calls(label))} against ${baseline}`,
    note: `Latency as a multiple of the baseline, by pairs of repeats; ↓ lower and ↑ higher where the interval does not hold 1.${isAdjusted ? ' Adjusted: with the CPU that the nodes used taken out, ± standard error.' : ''}`,
    columns: [nameColumn, ...mainMeasures, ...(isAdjusted ? ['p99 adjusted'] : [])],
    rows: rivals.map((contender) => [
      contender.name,
      ...mainMeasures.map((measure) => {
        const ratio = contender.classes.get(label)?.ratios[measure] ?? null
        if (ratio === null || reference === undefined) return unknown
        const arrow = arrows[shownDifference(contender, reference, ratio)]
        return `${formatEstimate(ratio, formatRatio)}${arrow}`
      }),
      ...(isAdjusted ? [adjustedCell(contender.adjusted?.p99 ?? null)] : []),
    ]),
  }
}

function adjustedCell(figure: { readonly value: number; readonly error: number } | null): string {
  return figure === null ? unknown : `${formatRatio(figure.value)} ± ${formatRatio(figure.error)}`
}

/** As wide as each other, so that the figures before them stay aligned. */
const arrows = { lower: ' ↓', higher: ' ↑', none: '  ' } as const

function calls(label: string): string {
  return label === allCalls ? 'all calls' : `${label} calls`
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
