import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { join } from 'node:path'
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
  const run = spawn(process.execPath, ['--test', '--test-concurrency=1', ...paths], {
    stdio: 'inherit',
    env: { ...process.env, ...(daemon.host === null ? {} : { DOCKER_HOST: daemon.host }) },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => run.kill(signal))
  process.exitCode = await new Promise<number>((resolve) => {
    run.once('exit', (code) => resolve(code ?? 1))
  })
  await daemon.close()
}
