import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { renderHtml } from './html.ts'
import { renderMarkdown } from './markdown.ts'
import type { Summary } from './summary.ts'

/** The files a report is written to, beside `results.json`. */
export type ReportFiles = { readonly html: string; readonly markdown: string }

/** Writes the page and the Markdown into a folder that exists. */
export async function writeReport(directory: string, summary: Summary): Promise<ReportFiles> {
  const files = { html: join(directory, 'report.html'), markdown: join(directory, 'report.md') }
  await writeFile(files.html, renderHtml(summary))
  await writeFile(files.markdown, renderMarkdown(summary))
  return files
}
