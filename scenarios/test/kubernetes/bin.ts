import { globSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { interruption, runSuites } from '../suites.ts'
import { binariesOrReason, buildApiServer } from './binaries.ts'

/**
 * `npm run test:k8s`: the suites of this folder against a real API server, or one line that says why
 * not. With `-- --build`, a kube-apiserver that is missing is built first, which takes minutes.
 */
const { values } = parseArgs({ options: { build: { type: 'boolean', default: false } } })
let found = binariesOrReason()
if (typeof found === 'string' && values.build && buildApiServer()) found = binariesOrReason()
if (typeof found === 'string') {
  process.stdout.write(
    `test:k8s skipped: ${found}; npm run test:k8s -- --build makes one with Go\n`,
  )
} else {
  const files = globSync('*.test.ts', { cwd: import.meta.dirname }).sort()
  const paths = files.map((file) => join(import.meta.dirname, file))
  process.exitCode = await runSuites(paths, { concurrency: 1, signal: interruption() })
}
