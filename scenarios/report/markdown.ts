import { caveats } from './caveats.ts'
import { parameterFacts } from './facts.ts'
import type { Summary } from './summary.ts'
import { reportTables, type Table } from './tables.ts'
import { headline, verdicts } from './verdict.ts'

/** The whole report as GitHub-flavoured Markdown. */
export function renderMarkdown(summary: Summary): string {
  const facts = parameterFacts(summary.results)
  return `${[
    '# Equipoise: comparison of strategies',
    `**${headline(summary)}**`,
    bullets(verdicts(summary)),
    ...reportTables(summary).map(tableSection),
    '## What to weigh',
    bullets(caveats(summary)),
    '## How it was measured',
    bullets(facts.map(([name, value]) => `${name}: ${value}`)),
  ]
    .filter((part) => part !== '')
    .join('\n\n')}\n`
}

/** One table with its heading and its note. */
export function tableSection({ title, note, columns, rows }: Table): string {
  const rule = columns.map((_, column) => (column === 0 ? '---' : '--:'))
  const lines = [columns, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return [`## ${title}`, note, lines.join('\n')].join('\n\n')
}

function bullets(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join('\n')
}
