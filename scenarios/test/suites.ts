import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

export type SuitesOptions = {
  /** Files at once. */
  readonly concurrency: number
  /** Besides our own environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Ends the tests that run, by the signal that is its reason. */
  readonly signal?: AbortSignal
}

/** More files than this do not fail by chance. */
const mostAgain = 4

const reporter = new URL('failed-files.ts', import.meta.url).href

/**
 * Runs test files. Many start whole fleets, and two at once on a small machine may starve each other:
 * a file with a test that failed is run once more, alone, and what came of that is said and counts.
 * @returns the exit code: 0 where every test passed, at last
 */
export async function runSuites(files: readonly string[], options: SuitesOptions): Promise<number> {
  const first = await runOnce(files, options)
  const again = first.failed.filter((file) => files.includes(file))
  const isOver = options.signal?.aborted === true
  if (first.code === 0 || isOver || again.length === 0 || again.length > mostAgain) {
    return first.code
  }
  const names = again.map((file) => relative(process.cwd(), file)).join(', ')
  process.stdout.write(`\nfailed, and is run once more, alone: ${names}\n\n`)
  const second = await runOnce(again, { ...options, concurrency: 1 })
  const what =
    second.code === 0 ? 'passed when run alone, having failed beside others' : 'failed twice'
  process.stdout.write(`\n${what}: ${names}\n`)
  return second.code
}

async function runOnce(
  files: readonly string[],
  { concurrency, env = {}, signal }: SuitesOptions,
): Promise<{ readonly code: number; readonly failed: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-suites-'))
  try {
    const list = join(folder, 'failed')
    const reports = [
      ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
      ...[`--test-reporter=${reporter}`, `--test-reporter-destination=${list}`],
    ]
    const args = ['--test', `--test-concurrency=${concurrency}`, ...reports, ...files]
    // Run by a test itself, it would report to that one in place of its reporters.
    const { NODE_TEST_CONTEXT: _, ...own } = process.env
    const tests = spawn(process.execPath, args, { stdio: 'inherit', env: { ...own, ...env } })
    const stop = (): void => void tests.kill(signal?.reason)
    signal?.addEventListener('abort', stop)
    const [code] = await once(tests, 'exit')
    signal?.removeEventListener('abort', stop)
    const failed = (await readFile(list, 'utf8').catch(() => '')).split('\n').filter(Boolean)
    return { code: code ?? 1, failed: [...new Set(failed)] }
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Aborted by the first signal that asks this program to end, which is its reason. */
export function interruption(): AbortSignal {
  const aborter = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => aborter.abort(signal))
  }
  return aborter.signal
}
