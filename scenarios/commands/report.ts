import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Command } from 'commander'
import { messageOf } from '../bench.ts'
import { ResultsError, readResults } from '../report/results.ts'
import { summarize } from '../report/summary.ts'
import { renderTerminal } from '../report/terminal.ts'
import { writeReport } from '../report/write.ts'

const examples = `
Examples:
  $ equipoise-bench report results/2026-11-21T12-30-05
  $ equipoise-bench report results/2026-11-21T12-30-05/results.json`

/** `equipoise-bench report`: the table, the Markdown and the page of a finished run, made again. */
export function reportCommand(): Command {
  return new Command('report')
    .description('renders a finished run again, from its results.json')
    .argument('<path>', 'the folder of a run, or its results.json')
    .addHelpText('after', examples)
    .action(async (path: string) => {
      process.exitCode = await renderAgain(path)
    })
}

async function renderAgain(path: string): Promise<number> {
  try {
    const summary = summarize(await readResults(path))
    if (summary.contenders.length === 0) throw new ResultsError('there is no finished trial in it')
    const directory = (await stat(path)).isDirectory() ? path : dirname(path)
    const { html } = await writeReport(directory, summary)
    const text = renderTerminal(summary, { isColoured: process.stdout.isTTY })
    process.stdout.write(`${text}\n\nreport: ${html}\n`)
    return 0
  } catch (error) {
    for (const line of messageOf(error).split('\n')) {
      process.stderr.write(`${path}: ${line}\n`)
    }
    return isMissing(error) ? 2 : 1
  }
}

/** Whether the path itself was wrong, which is bad usage. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
