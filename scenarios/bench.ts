import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Comparison, type Found } from './compare.ts'
import type { BenchConfig, BenchFlags } from './config.ts'
import { emptyResults } from './environment.ts'
import { Progress, type ProgressStream } from './progress.ts'
import { expectedMs, repeatsOf, trialMs } from './repeats.ts'
import { evaluateAll } from './report/failures.ts'
import { type Results, writeResults } from './report/results.ts'
import { rulesInWords } from './report/rules.ts'
import { summarize } from './report/summary.ts'
import { renderTerminal } from './report/terminal.ts'
import { writeReport } from './report/write.ts'
import type { OpenSite } from './site.ts'

/** Everything a benchmark touches. */
export type BenchSurroundings = {
  readonly openSite: OpenSite
  /** The command line as it was typed, for the report. */
  readonly command: string
  /** The flags of `config`, as they were typed. */
  readonly flags: BenchFlags
  /** What an earlier run left, which this one goes on with; null: nothing. */
  readonly earlier: Results | null
  /** Where the report is printed. */
  readonly output: { readonly isTTY?: boolean; write(text: string): unknown }
  /** Where it is shown how far the run is. */
  readonly progress: ProgressStream
  /** Aborted: the run ends early, and what was measured is reported. */
  readonly signal: AbortSignal
}

/** How a benchmark ended. `results` is null when it ended before its site was ready. */
export type BenchEnd = {
  readonly results: Results | null
  /** What ended it early; null when it is complete, or out of time. */
  readonly failure: unknown
  /** Where the report lies; null when there was nothing to report. */
  readonly directory: string | null
  /** Each `--fail-if` that holds, in words. */
  readonly failed: readonly string[]
}

/**
 * Carries out a comparison (of one contender: a run): opens the sites, makes the trials, keeps
 * `results.json` valid after each, closes the sites, and reports. Whatever ends it early, the trials
 * that were finished are reported.
 */
export async function bench(config: BenchConfig, around: BenchSurroundings): Promise<BenchEnd> {
  const directory = config.outDir ?? join('results', stamp(new Date()))
  const progress = new Progress(around.progress)
  let results: Results | null = null
  let failure: unknown = null
  try {
    await mkdir(directory, { recursive: true })
    await measure(config, around, progress, async (latest) => {
      results = latest
      if (latest.trials.length > 0) await writeResults(directory, latest)
    })
  } catch (error) {
    failure = error
  } finally {
    progress.close()
  }
  return await conclude(config, results, failure, directory, around)
}

async function measure(
  config: BenchConfig,
  { openSite, command, flags, earlier, signal }: BenchSurroundings,
  progress: Progress,
  keep: (results: Results) => Promise<void>,
): Promise<void> {
  const repeats = config.repeats ?? earlier?.parameters.repeats ?? repeatsOf(config)
  const empty = await emptyResults(config, flags, repeats, command)
  let results: Results = {
    ...(earlier ?? empty),
    parameters: empty.parameters,
    notes: earlier?.notes.filter((note) => !isOfEnd(note)) ?? [],
  }
  const tell = (line: string) => progress.tell(line)
  const found: Found = { ...results, client: results.versions.client }
  const comparison = new Comparison(config, repeats, found, {
    openSite,
    signal,
    tell,
    onTurn: (turn) => progress.begin(turn, trialMs(config)),
    keep: async ({ client, ...latest }) => {
      results = {
        ...results,
        ...latest,
        versions: { ...results.versions, client: client ?? results.versions.client },
        finishedAt: new Date().toISOString(),
        complete: false,
      }
      await keep(results)
    },
  })
  tell(plan(config, comparison.left, repeats))
  tell(rulesInWords(config.rules, config.profiles.length > 0))
  await comparison.run()
  const { left } = comparison
  await keep({
    ...results,
    complete: left === 0,
    notes: left === 0 ? results.notes : [...results.notes, leftInWords(left)],
  })
}

async function conclude(
  config: BenchConfig,
  results: Results | null,
  failure: unknown,
  directory: string,
  { output, signal }: BenchSurroundings,
): Promise<BenchEnd> {
  if (results === null || results.trials.length === 0) {
    return { results, failure, directory: null, failed: [] }
  }
  const why = signal.aborted ? 'It was interrupted.' : `It failed: ${messageOf(failure)}`
  const final =
    failure === null ? results : { ...results, complete: false, notes: [...results.notes, why] }
  await writeResults(directory, final)
  const summary = summarize(final)
  const files = await writeReport(directory, summary)
  const text = renderTerminal(summary, { isColoured: output.isTTY === true })
  const failed = evaluateAll(config.failIf, summary)
  output.write(`${[text, ...failed].join('\n\n')}\n\nreport: ${files.html}\n`)
  if (!final.complete)
    output.write(`go on with it: equipoise-bench compare --resume ${directory}\n`)
  return { results: final, failure, directory, failed }
}

function plan(config: BenchConfig, left: number, repeats: number): string {
  const { contenders, profiles, loads, ratePerSecond, workloads, budgetMs } = config
  const share = contenders.length === 0 ? 0 : left * trialMs(config)
  const ms = Math.min(
    budgetMs ?? Number.POSITIVE_INFINITY,
    Math.max(share, share + expectedMs(config, 0)),
  )
  const about = ms < 90_000 ? `${Math.ceil(ms / 1000)} s` : `${Math.ceil(ms / 60_000)} min`
  const load =
    ratePerSecond === null ? `${loads.join(', ')} of the capacity` : `${ratePerSecond} calls/s`
  const where = profiles.length === 0 ? '' : ` on ${profiles.map(({ name }) => name).join(', ')}`
  return `${left} ${left === 1 ? 'trial' : 'trials'} of ${workloads.join(', ')} at ${load}${where}, ${repeats} of each, about ${about}; Ctrl-C ends early and keeps what was measured`
}

const leftMark = 'trials are still to be made.'

function leftInWords(left: number): string {
  return `The time was up: ${left} ${leftMark}`
}

/** What an earlier run said of its own end. */
function isOfEnd(note: string): boolean {
  return note.endsWith(leftMark) || /^It (was interrupted|failed)/.test(note)
}

/** `2026-11-21T12-30-05`: sorts by time and is a name on every file system. */
function stamp(now: Date): string {
  return now.toISOString().slice(0, 19).replaceAll(':', '-')
}

/** An error in words, with the causes below it. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${messageOf(error.cause)}`
}
