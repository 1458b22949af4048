import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { join } from 'node:path'
import { gethBinary } from '../../fleets/geth/binary.ts'

/** What `npm run test:clients` runs: every suite on Anvils, and those that can on real Geths if there are any. */
const onAnvilOnly = ['hardhat.test.ts']
const suites = globSync('*.test.ts', { cwd: import.meta.dirname }).sort()
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => interruption.abort(signal))
}

await run('anvil', suites)
if (gethBinary() === null) process.stdout.write('clients of geth skipped: no geth to be found\n')
else {
  const onGeth = suites.filter((file) => !onAnvilOnly.includes(file))
  await run('geth', onGeth)
}

/** Runs the suites, and none once we were told to stop. */
async function run(nodes: string, files: readonly string[]): Promise<void> {
  if (interruption.signal.aborted) return
  process.stdout.write(`clients of ${nodes}\n`)
  const paths = files.map((file) => join(import.meta.dirname, file))
  const tests = spawn(process.execPath, ['--test', '--test-concurrency=2', ...paths], {
    stdio: 'inherit',
    env: { ...process.env, EQUIPOISE_NODES: nodes },
  })
  const stop = (): void => void tests.kill(interruption.signal.reason)
  interruption.signal.addEventListener('abort', stop)
  const [code] = await once(tests, 'exit')
  interruption.signal.removeEventListener('abort', stop)
  if (code !== 0) process.exitCode = 1
}
