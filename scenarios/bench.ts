import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { compare } from './compare.ts'
import type { BenchConfig } from './config.ts'
import { emptyResults, notesOf } from './environment.ts'
import { Progress, type ProgressStream } from './progress.ts'
import { type Results, writeResults } from './report/results.ts'
import { summarize } from './report/summary.ts'
import { renderTerminal } from './report/terminal.ts'
import { writeReport } from './report/write.ts'
import type { OpenSite } from './site.ts'

/** Everything a benchmark touches. */
export type BenchSurroundings = {
  readonly openSite: OpenSite
  /** The command line as it was typed, for the report. */
  readonly command: string
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
  /** What ended it early; null when it is complete. */
  readonly failure: unknown
  /** Where the report lies; null when there was nothing to report. */
  readonly directory: string | null
}

/** Between two trials: the proxy restarted and every node seen well again. */
const betweenTrialsMs = 1500

/**
 * Carries out a comparison (of one contender: a run): opens the site, makes the trials, keeps
 * `results.json` valid after each, closes the site, and reports. Whatever ends it early, the trials
 * that were finished are reported.
 */
export async function bench(config: BenchConfig, around: BenchSurroundings): Promise<BenchEnd> {
  const directory = config.outDir ?? join('results', stamp(new Date()))
  const progress = new Progress(around.progress)
  let results: Results | null = null
  let failure: unknown = null
  try {
    await mkdir(directory, { recursive: true })
    progress.tell(plan(config))
    await measure(config, around, progress, async (latest) => {
      results = latest
      if (latest.trials.length > 0) await writeResults(directory, latest)
    })
  } catch (error) {
    failure = error
  } finally {
    progress.close()
  }
  return await conclude(results, failure, directory, around)
}

async function measure(
  config: BenchConfig,
  { openSite, command, signal }: BenchSurroundings,
  progress: Progress,
  keep: (results: Results) => Promise<void>,
): Promise<void> {
  const site = await openSite(config, (text) => progress.tell(text), signal)
  try {
    const empty = await emptyResults(config, site, command)
    await keep(empty)
    await compare(config, site, {
      signal,
      onSlot: (slot) => progress.begin(slot, trialMs(config)),
      onTrials: async (trials) => {
        await keep({
          ...empty,
          trials: [...trials],
          notes: [...notesOf(config, site)],
          finishedAt: new Date().toISOString(),
          complete: trials.length === config.contenders.length * config.repeats,
        })
      },
    })
  } finally {
    await site.close()
  }
}

async function conclude(
  results: Results | null,
  failure: unknown,
  directory: string,
  { output, signal }: BenchSurroundings,
): Promise<BenchEnd> {
  if (results === null || results.trials.length === 0) {
    return { results, failure, directory: null }
  }
  const why = signal.aborted ? 'It was interrupted.' : `It failed: ${messageOf(failure)}`
  const final =
    failure === null ? results : { ...results, complete: false, notes: [...results.notes, why] }
  await writeResults(directory, final)
  const summary = summarize(final)
  const files = await writeReport(directory, summary)
  const text = renderTerminal(summary, { isColoured: output.isTTY === true })
  output.write(`${text}\n\nreport: ${files.html}\n`)
  return { results: final, failure, directory }
}

function plan(config: BenchConfig): string {
  const trials = config.contenders.length * config.repeats
  const minutes = (trials * trialMs(config)) / 60_000
  const about = minutes < 1.5 ? `${Math.ceil(minutes * 60)} s` : `${Math.ceil(minutes)} min`
  return `${trials} ${trials === 1 ? 'trial' : 'trials'} of ${config.workload} at ${config.ratePerSecond} calls/s, about ${about}; Ctrl-C ends early and keeps what was measured`
}

function trialMs(config: BenchConfig): number {
  const saturationMs = config.saturate ? config.durationMs : 0
  return config.warmupMs + config.durationMs + saturationMs + betweenTrialsMs
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
