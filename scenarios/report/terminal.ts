import { caveats } from './caveats.ts'
import { formatSpan } from './format.ts'
import type { Summary } from './summary.ts'
import { bold, dim, renderTable, type TextStyle } from './table.ts'
import { reportTables } from './tables.ts'
import { headline, verdicts } from './verdict.ts'

/** The whole report for a terminal, or plain for a pipe: verdict, tables, caveats. */
export function renderTerminal(summary: Summary, style: TextStyle): string {
  const { parameters, trials } = summary.results
  const load = `${parameters.workload}, ${parameters.ratePerSecond} calls/s, ${trials.length} ${trials.length === 1 ? 'trial' : 'trials'} of ${formatSpan(parameters.durationMs)} after ${formatSpan(parameters.warmupMs)} of warm-up, seed ${parameters.seed}`
  return [
    dim(load, style),
    bold(headline(summary), style),
    ...reportTables(summary).map((table) => renderTable(table, style)),
    verdicts(summary).join('\n'),
    caveats(summary)
      .map((caveat) => dim(`note: ${caveat}`, style))
      .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}
