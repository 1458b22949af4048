import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { missing } from './needs.ts'

/** `npm run test:geth`: the suites of this folder, or one line that says why not. */
const why = missing()
if (why === null) {
  const files = globSync('*.test.ts', { cwd: import.meta.dirname }).sort()
  const paths = files.map((file) => join(import.meta.dirname, file))
  const args = ['--test', '--test-concurrency=2', ...paths]
  const run = spawn(process.execPath, args, { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => run.kill(signal))
  run.once('exit', (code) => {
    process.exitCode = code ?? 1
  })
} else process.stdout.write(`test:geth skipped: ${why}\n`)
