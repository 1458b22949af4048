import { globSync } from 'node:fs'
import { join } from 'node:path'
import { interruption, runSuites } from './suites.ts'

/** `npm run test:all`: every test that needs neither Docker nor Geth. */
const root = join(import.meta.dirname, '../..')
const patterns = [
  'proxy/**/*.test.ts',
  'agents/**/*.test.ts',
  'scenarios/*.test.ts',
  'scenarios/!(test)/**/*.test.ts',
  'scenarios/test/*.test.ts',
]
const files = patterns.flatMap((pattern) => globSync(pattern, { cwd: root }).sort())
process.exitCode = await runSuites(
  files.map((file) => join(root, file)),
  { concurrency: 2, signal: interruption() },
)
