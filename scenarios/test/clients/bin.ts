import { globSync } from 'node:fs'
import { join } from 'node:path'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { interruption, runSuites } from '../suites.ts'

/** What `npm run test:clients` runs: every suite on Anvils, and those that can on real Geths if there are any. */
const onAnvilOnly = ['hardhat.test.ts']
const suites = globSync('*.test.ts', { cwd: import.meta.dirname }).sort()
const signal = interruption()

await run('anvil', suites)
if (gethBinary() === null) process.stdout.write('clients of geth skipped: no geth to be found\n')
else {
  const onGeth = suites.filter((file) => !onAnvilOnly.includes(file))
  await run('geth', onGeth)
}

/** Runs the suites, and none once we were told to stop. */
async function run(nodes: string, files: readonly string[]): Promise<void> {
  if (signal.aborted) return
  process.stdout.write(`clients of ${nodes}\n`)
  const paths = files.map((file) => join(import.meta.dirname, file))
  const env = { EQUIPOISE_NODES: nodes }
  const code = await runSuites(paths, { concurrency: 2, env, signal })
  if (code !== 0) process.exitCode = 1
}
