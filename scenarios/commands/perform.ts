import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { bench, messageOf } from '../bench.ts'
import type { BenchConfig } from '../config.ts'
import { UsageError } from '../flags.ts'
import { openSite } from '../open-site.ts'

/**
 * What `run` and `compare` do once their flags are read: the benchmark, with Ctrl-C as its early end.
 * @param parse throws UsageError for flags that cannot be carried out
 * @returns exit code 0 when complete, 1 when it failed or was interrupted, 2 for bad usage
 */
export async function perform(parse: () => BenchConfig, argv: readonly string[]): Promise<number> {
  let config: BenchConfig
  try {
    config = parse()
    await refuseUsedFolder(config.outDir)
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
    const { failure } = await bench(config, {
      openSite,
      command: ['equipoise-bench', ...argv].join(' '),
      output: process.stdout,
      progress: process.stderr,
      signal: stop.signal,
    })
    if (failure === null) return 0
    if (!stop.signal.aborted) process.stderr.write(`${messageOf(failure)}\n`)
    return 1
  } finally {
    process.off('SIGINT', onInterrupt)
    process.off('SIGTERM', onInterrupt)
  }
}

/** An earlier result is never written over. */
async function refuseUsedFolder(directory: string | null): Promise<void> {
  if (directory === null) return
  try {
    await access(join(directory, 'results.json'))
  } catch {
    return // Nothing there, or no such folder: it will be made.
  }
  throw new UsageError([`--out ${directory}: it already holds a results.json`])
}
