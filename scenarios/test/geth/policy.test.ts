import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gethBinary } from '../../fleets/geth/binary.ts'
import { Ledger } from '../../policy/ledger.ts'

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

for (const profile of ['both', 'disk']) {
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
    await giveCapacity(out, profile)
    const done = await run(flags)
    t.assert.equal(done.code, 0, done.text)
    const { slots } = await Ledger.open(out)
    t.assert.deepEqual(slots.map(({ strategy }) => strategy).sort(), strategies)
    for (const { cores, classes, nodes } of slots) {
      t.assert.ok(cores.nodes > 0 && cores.proxy > 0 && cores.generator > 0)
      t.assert.equal(nodes.length, 4)
      const sent = Object.values(classes).reduce((sum, tally) => sum + tally.sent, 0)
      const succeeded = Object.values(classes).reduce((sum, tally) => sum + tally.succeeded, 0)
      t.assert.ok(sent > 5)
      t.assert.equal(succeeded, sent, JSON.stringify(slots.map(({ examples }) => examples)))
    }
    t.assert.match(done.text, new RegExp(`${profile} at 0.7: ratio to least-connection`))
    const again = await run([...flags, '--resume'])
    t.assert.equal(again.code, 0, again.text)
    t.assert.equal((await Ledger.open(out)).slots.length, 2, 'nothing was left to measure')
    t.assert.equal((await run(flags)).code, 2, 'an earlier result is not written over')
    const groups = await readdir('/sys/fs/cgroup', { recursive: true }).catch(() => [])
    t.assert.deepEqual(
      groups.filter((path) => path.includes(`equipoise-${done.pid}-`)),
      [],
    )
  })
}

/** As if measured before: 30 calls a second. */
async function giveCapacity(out: string, profile: string): Promise<void> {
  await mkdir(out)
  const entry = { perSecond: 30, strategy: 'least-connection', measuredAt: '2026-01-01T00:00:00Z' }
  await writeFile(join(out, 'capacity.json'), JSON.stringify({ [profile]: entry }))
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
