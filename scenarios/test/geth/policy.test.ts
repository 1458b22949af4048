import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { readResults } from '../../report/results.ts'

const skip = gethBinary() === null ? 'no geth on the PATH or in GOPATH/bin' : false
const bin = new URL('../../policy/bin.ts', import.meta.url).pathname
/** Foreign CPU is no matter here: nothing is made of the figures. */
const quick = [
  '--seconds',
  '1',
  '--warmup',
  '1',
  '--seeds',
  '1',
  '--foreign',
  '1000',
  '--late',
  '60000',
]
const strategies = ['least-connection', 'state-space']

for (const profile of ['both', 'disk', 'import']) {
  test(`a trial of profile ${profile} measures each strategy once, and leaves nothing`, {
    skip,
    timeout: 120_000,
  }, async (t: TestContext) => {
    const folder = await mkdtemp(join(tmpdir(), 'equipoise-trial-'))
    t.after(() => rm(folder, { recursive: true, force: true }))
    const out = join(folder, 'out')
    const flags = ['--profile', profile, '--strategies', strategies.join(), '--out', out, ...quick]
    const refused = await run([...flags, '--report'])
    t.assert.equal(refused.code, 2, 'there is nothing to report')
    const done = await run(flags)
    t.assert.equal(done.code, 0, done.text)
    const { trials, cells } = await readResults(out)
    t.assert.deepEqual(trials.map(({ contender }) => contender).sort(), strategies)
    t.assert.ok((cells[0]?.capacity?.perSecond ?? 0) > 0)
    t.assert.ok(cells[0]?.calls.every(({ idleMs }) => idleMs !== null && idleMs > 0))
    for (const { classes, nodes, proxyCpuCores, generator, examples, backwardSteps } of trials) {
      t.assert.ok((proxyCpuCores ?? 0) > 0 && generator.cpuCores > 0)
      t.assert.ok(nodes.every(({ cpuCores, memoryBytes }) => cpuCores && memoryBytes))
      t.assert.equal(nodes.length, 4)
      t.assert.equal(backwardSteps, 0)
      const sent = Object.values(classes).reduce((sum, tally) => sum + tally.sent, 0)
      const succeeded = Object.values(classes).reduce((sum, tally) => sum + tally.succeeded, 0)
      t.assert.ok(sent > 5)
      t.assert.equal(succeeded, sent, JSON.stringify(examples))
    }
    t.assert.match(done.text, new RegExp(`${profile}, geth-reads at 0.7 of the capacity`))
    const again = await run([...flags, '--resume'])
    t.assert.equal(again.code, 0, again.text)
    t.assert.equal((await readResults(out)).trials.length, 2, 'nothing was left to measure')
    t.assert.equal((await run(flags)).code, 2, 'an earlier result is not written over')
    const groups = await readdir('/sys/fs/cgroup', { recursive: true }).catch(() => [])
    t.assert.deepEqual(
      groups.filter((path) => path.includes(`equipoise-${done.pid}-`)),
      [],
    )
  })
}

async function run(flags: readonly string[]) {
  const child = spawn(process.execPath, [bin, ...flags], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk
    })
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, text, pid: child.pid }
}
