import { globSync } from 'node:fs'
import { join } from 'node:path'
import { interruption, runSuites } from '../suites.ts'
import { missing } from './needs.ts'

/** `npm run test:geth`: the suites of this folder, or one line that says why not. */
const why = missing()
if (why === null) {
  const files = globSync('*.test.ts', { cwd: import.meta.dirname }).sort()
  const paths = files.map((file) => join(import.meta.dirname, file))
  process.exitCode = await runSuites(paths, { concurrency: 1, signal: interruption() })
} else process.stdout.write(`test:geth skipped: ${why}\n`)
