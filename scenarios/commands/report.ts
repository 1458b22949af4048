import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Command } from 'commander'
import { messageOf } from '../bench.ts'
import { FlagReader, UsageError } from '../flags.ts'
import { readCondition } from '../report/condition.ts'
import { evaluateAll } from '../report/failures.ts'
import { type Results, ResultsError, readResults } from '../report/results.ts'
import { runsTables } from '../report/runs.ts'
import { summarize } from '../report/summary.ts'
import { renderTable } from '../report/table.ts'
import { renderTerminal } from '../report/terminal.ts'
import { writeReport } from '../report/write.ts'
import { repeatable } from './bench-flags.ts'

const examples = `
Examples:
  $ equipoise-bench report results/2026-11-21T12-30-05
  $ equipoise-bench report results/before results/after
  $ equipoise-bench report results/geth --fail-if 'p99(state-space) > 1.05 * p99(least-connection)'`

type ReportFlags = { readonly failIf?: readonly string[] }

/** `equipoise-bench report`: the reports of a finished run made again, or two runs side by side. */
export function reportCommand(): Command {
  const command = new Command('report')
    .description('renders a finished run again, from its results.json; or compares two runs')
    .argument('<path>', 'the folder of a run, or its results.json')
    .argument('[other]', 'another run: how many times as long it took')
    .addOption(repeatable('--fail-if <condition>', 'exit code 3 where it holds'))
    .addHelpText('after', examples)
  return command.action(async (path: string, other: string | undefined) => {
    const paths = other === undefined ? [path] : [path, other]
    process.exitCode = await renderAgain(paths, command.opts<ReportFlags>())
  })
}

/** @returns exit code 0; 1 for a file that is no result, 2 for bad usage, 3 when a condition holds */
export async function renderAgain(paths: readonly string[], flags: ReportFlags): Promise<number> {
  const found: Results[] = []
  for (const path of paths) {
    try {
      found.push(await readResults(path))
    } catch (error) {
      for (const line of messageOf(error).split('\n')) process.stderr.write(`${path}: ${line}\n`)
      return isMissing(error) ? 2 : 1
    }
  }
  try {
    const [first, second] = found
    const [path = ''] = paths
    if (first === undefined) throw new UsageError(['no run is named'])
    return second === undefined
      ? await renderOne(first, path, flags)
      : renderBoth(first, second, flags)
  } catch (error) {
    if (!(error instanceof UsageError) && !(error instanceof ResultsError)) throw error
    process.stderr.write(`${error.message}\n`)
    return error instanceof UsageError ? 2 : 1
  }
}

async function renderOne(results: Results, path: string, flags: ReportFlags): Promise<number> {
  const summary = summarize(results)
  if (summary.cells.length === 0)
    throw new ResultsError(`${path}: there is no finished trial in it`)
  const read = new FlagReader()
  const contenders = results.parameters.contenders.map((name) => ({ name, url: null }))
  const conditions = (flags.failIf ?? []).flatMap((text) => readCondition(text, contenders, read))
  read.close()
  const directory = (await stat(path)).isDirectory() ? path : dirname(path)
  const { html } = await writeReport(directory, summary)
  const text = renderTerminal(summary, { isColoured: process.stdout.isTTY })
  const failed = evaluateAll(conditions, summary)
  process.stdout.write(`${[text, ...failed].join('\n\n')}\n\nreport: ${html}\n`)
  return failed.length > 0 ? 3 : 0
}

function renderBoth(before: Results, after: Results, { failIf }: ReportFlags): number {
  if (failIf !== undefined) throw new UsageError(['--fail-if: of one run alone'])
  const tables = runsTables(summarize(before), summarize(after))
  if (tables.length === 0) throw new ResultsError('the two runs have no condition in common')
  const style = { isColoured: process.stdout.isTTY }
  process.stdout.write(
    `${tables.map((table) => `${renderTable(table, style)}\n${table.note}`).join('\n\n')}\n`,
  )
  return 0
}

/** Whether the path itself was wrong, which is bad usage. */
function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
