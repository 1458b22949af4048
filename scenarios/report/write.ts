import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderCsv } from './csv.ts'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import type { Summary } from './summary.ts'

/** The files a report is written to, beside `results.json`. */
export type ReportFiles = {
  readonly html: string
  readonly markdown: string
  readonly csv: string
}

/** Writes the page, the Markdown and the figures into a folder that exists. */
export async function writeReport(directory: string, summary: Summary): Promise<ReportFiles> {
  const files = {
    html: join(directory, 'report.html'),
    markdown: join(directory, 'report.md'),
    csv: join(directory, 'figures.csv'),
  }
  await writeFile(files.html, renderHtml(summary))
  await writeFile(files.markdown, renderMarkdown(summary))
  await writeFile(files.csv, renderCsv(summary))
  return files
}
