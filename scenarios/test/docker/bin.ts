import { globSync } from 'node:fs'
import { join } from 'node:path'
import { interruption, runSuites } from '../suites.ts'
import { daemonOrReason } from './dockerd.ts'

/**
 * `npm run test:docker`: the suites of this folder with the Docker daemon that runs, or with one that
 * is started for them and ended after them; or one line that says why not.
 */
const daemon = await daemonOrReason()
if (typeof daemon === 'string') process.stdout.write(`test:docker skipped: ${daemon}\n`)
else {
  const files = globSync('*.test.ts', { cwd: import.meta.dirname }).sort()
  const paths = files.map((file) => join(import.meta.dirname, file))
  const env = daemon.host === null ? {} : { DOCKER_HOST: daemon.host }
  process.exitCode = await runSuites(paths, { concurrency: 1, env, signal: interruption() })
  await daemon.close()
}
