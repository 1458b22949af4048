import { spawn } from 'node:child_process'
import { once } from 'node:events'

export type SuitesOptions = {
  /** Files at once. */
  readonly concurrency: number
  /** Besides our own environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Ends the tests that run, by the signal that is its reason. */
  readonly signal: AbortSignal
}

/** Runs test files. @returns the exit code: 0 where every test passed */
export async function runSuites(
  files: readonly string[],
  { concurrency, env = {}, signal }: SuitesOptions,
): Promise<number> {
  const tests = spawn(process.execPath, ['--test', `--test-concurrency=${concurrency}`, ...files], {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  })
  const stop = (): void => void tests.kill(signal.reason)
  signal.addEventListener('abort', stop)
  const [code] = await once(tests, 'exit')
  signal.removeEventListener('abort', stop)
  return code ?? 1
}

/** Aborted by the first signal that asks this program to end, which is its reason. */
export function interruption(): AbortSignal {
  const aborter = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => aborter.abort(signal))
  }
  return aborter.signal
}
