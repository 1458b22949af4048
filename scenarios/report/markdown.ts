import { caveats } from './caveats.ts'
import { parameterFacts } from './facts.ts'
import { overviewTables } from './overview.ts'
import type { CellSummary, Summary } from './summary.ts'
import type { Table } from './table-form.ts'
import { cellTables } from './tables.ts'
import { loadInWords } from './terminal.ts'
import { cellHeadline, headline, verdicts } from './verdict.ts'

/** The whole report as GitHub-flavoured Markdown. */
export function renderMarkdown(summary: Summary): string {
  const facts = parameterFacts(summary.results)
  return `${[
    '# Equipoise: comparison of strategies',
    `**${headline(summary)}**`,
    ...overviewTables(summary).map((table) => tableSection(table)),
    ...summary.cells.flatMap((cell) => section(cell, summary.cells.length === 1)),
    '## What to weigh',
    bullets(caveats(summary)),
    '## How it was measured',
    bullets(facts.map(([name, value]) => `${name}: ${value}`)),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`
}

function section(summary: CellSummary, isOnly: boolean): readonly string[] {
  const head = `## ${summary.cell.profile}, ${summary.cell.workload}${summary.cell.load === null ? '' : `, ${summary.cell.load}`}`
  return [
    head,
    `${loadInWords(summary)}.${isOnly ? '' : ` ${cellHeadline(summary)}`}`,
    bullets(verdicts(summary)),
    ...(summary.contenders.length === 0
      ? []
      : cellTables(summary, true).map((table) => tableSection(table, 3))),
  ]
}

/** One table with its heading and its note. */
export function tableSection({ title, note, columns, rows }: Table, level = 2): string {
  return [`${'#'.repeat(level)} ${title}`, note, tableLines(columns, rows)].join('\n\n')
}

/** The lines of a table alone. */
export function tableLines(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const rule = columns.map((_, column) => (column === 0 ? '---' : '--:'))
  return [columns, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}
