import { caveats } from './caveats.ts'
import { formatRate, formatSpan } from './format.ts'
import { overviewTables } from './overview.ts'
import type { CellSummary, Summary } from './summary.ts'
import { bold, dim, renderTable, type TextStyle } from './table.ts'
import { cellTables } from './tables.ts'
import { cellHeadline, headline, verdicts } from './verdict.ts'

/** The whole report for a terminal, or plain for a pipe: verdict, tables, caveats. */
export function renderTerminal(summary: Summary, style: TextStyle): string {
  const { parameters, trials } = summary.results
  const spans = `${trials.length} ${trials.length === 1 ? 'trial' : 'trials'} of ${formatSpan(parameters.durationMs)} after ${formatSpan(parameters.warmupMs)} of warm-up, seed ${parameters.seed}`
  const isOne = summary.cells.length === 1
  return [
    dim(spans, style),
    bold(headline(summary), style),
    ...overviewTables(summary).map((table) => renderTable(table, style)),
    ...summary.cells.flatMap((cell) => section(cell, isOne, style)),
    caveats(summary)
      .map((caveat) => dim(`note: ${caveat}`, style))
      .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

function section(summary: CellSummary, isOnly: boolean, style: TextStyle): readonly string[] {
  const tables = cellTables(summary, false).map((table) => renderTable(table, style))
  return [
    dim(loadInWords(summary), style),
    isOnly ? '' : bold(cellHeadline(summary), style),
    ...(summary.contenders.length === 0 ? [] : tables),
    verdicts(summary).join('\n'),
  ]
}

/** `hetero, mixed-reads at 0.7 of the capacity: 252 calls a second`. */
export function loadInWords({ cell }: CellSummary): string {
  const share = cell.load === null ? '' : ` at ${cell.load} of the capacity`
  return `${cell.profile}, ${cell.workload}${share}: ${formatRate(cell.ratePerSecond)} calls a second`
}
