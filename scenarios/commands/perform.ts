import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { bench, messageOf } from '../bench.ts'
import type { BenchConfig, BenchFlags } from '../config.ts'
import { UsageError } from '../flags.ts'
import { openSite } from '../open-site.ts'
import { type Results, readResults } from '../report/results.ts'
import { refuseOtherWays, resumedFlags } from '../resume.ts'

/** What is to be done, once the flags are read. */
type Task = {
  readonly config: BenchConfig
  readonly flags: BenchFlags
  readonly earlier: Results | null
}

/**
 * What `run` and `compare` do with their flags: the benchmark, with Ctrl-C as its early end.
 * @param parse throws UsageError for flags that cannot be carried out
 * @param program as users call it, for the report
 * @returns exit code 0 when all went well, 1 when it failed or was interrupted, 2 for bad usage, 3
 *   when a `--fail-if` holds
 */
export async function perform(
  parse: (flags: BenchFlags) => BenchConfig,
  given: BenchFlags,
  program = 'equipoise-bench',
): Promise<number> {
  let task: Task
  try {
    task = await prepared(parse, given)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    for (const problem of error.problems) process.stderr.write(`${problem}\n`)
    return 2
  }
  const stop = new AbortController()
  const onInterrupt = () => {
    if (!stop.signal.aborted) process.stderr.write('\nending; what was measured is kept\n')
    stop.abort(new Error('interrupted'))
  }
  // Further signals while all is taken down must not leave anything running.
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onInterrupt)
  try {
    const { config, flags, earlier } = task
    const { failure, failed } = await bench(config, {
      ...{ openSite, flags, earlier },
      command: [program, ...process.argv.slice(2)].join(' '),
      output: process.stdout,
      progress: process.stderr,
      signal: stop.signal,
    })
    if (failure === null) return failed.length > 0 ? 3 : 0
    if (!stop.signal.aborted) process.stderr.write(`${messageOf(failure)}\n`)
    return 1
  } finally {
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onInterrupt)
  }
}

/** @throws UsageError for flags that cannot be carried out */
async function prepared(
  parse: (flags: BenchFlags) => BenchConfig,
  given: BenchFlags,
): Promise<Task> {
  const { resume } = given
  const isUsed = resume !== undefined && (await holdsResults(resume))
  if (!isUsed) {
    const config = parse(given)
    if (config.outDir !== null && (await holdsResults(config.outDir))) {
      throw new UsageError([`--out ${config.outDir}: it already holds a results.json`])
    }
    return { config, flags: given, earlier: null }
  }
  const earlier = await readResults(resume)
  const flags = resumedFlags(earlier, given)
  const config = parse(flags)
  refuseOtherWays(earlier, config, resume)
  return { config, flags, earlier }
}

async function holdsResults(directory: string): Promise<boolean> {
  try {
    await access(join(directory, 'results.json'))
    return true
  } catch {
    return false // Nothing there, or no such folder: it will be made.
  }
}
