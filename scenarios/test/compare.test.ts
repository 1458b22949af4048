import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readResults } from '../report/results.ts'
import { haproxyName, haproxyVersion } from '../stand/haproxy.ts'
import { commandLine, descendants, noProcessTable, running } from './process-table.ts'

const bin = new URL('../bin.ts', import.meta.url).pathname

test('a comparison on the embedded fleet answers every call and counts each where it went', async (t: TestContext) => {
  const folder = await temporary(t)
  const args = ['--strategies', 'round-robin,state-space', '--repeats', '1', '--nodes', '2']
  const rules = ['--tries', '1', '--keep-disturbed']
  const span = ['--rate', '60', '--duration', '2s', '--warmup', '500ms', '--out', folder]
  const hasRival = haproxyVersion() !== null
  const load = [...span, ...rules, ...(hasRival ? ['--haproxy'] : [])]
  const child = spawn(process.execPath, [bin, 'compare', ...args, ...load], { stdio: 'ignore' })
  const code = await new Promise((resolve) => child.on('close', resolve))
  t.assert.equal(code, 0)

  const { trials, complete, commands, cells } = await readResults(folder)
  t.assert.equal(complete, true)
  t.assert.equal(trials.length, hasRival ? 3 : 2)
  t.assert.equal(commands.length, 4)
  t.assert.ok(cells[0]?.calls.every(({ idleMs }) => (idleMs ?? 0) > 0))
  for (const trial of trials) {
    const { contender, classes, nodes, proxyCpuCores, examples, backwardSteps, slowdown } = trial
    t.assert.deepEqual(examples, [])
    if (contender !== haproxyName) t.assert.equal(backwardSteps, 0)
    t.assert.ok((slowdown?.mean ?? 0) > 0)
    const tallies = Object.values(classes)
    for (const { sent, succeeded } of tallies) t.assert.equal(succeeded, sent)
    t.assert.equal(nodes.length, 2)
    t.assert.ok(nodes.every(({ calls, errors }) => calls > 0 && errors === 0))
    if (process.platform === 'linux') t.assert.ok((proxyCpuCores ?? 0) > 0)
  }
  const sent = trials.map(({ classes }) => Object.values(classes).map((tally) => tally.sent))
  for (const one of sent) t.assert.deepEqual(one, sent[0])
})

test('Ctrl-C takes the whole fleet down', {
  skip: noProcessTable,
  timeout: 180_000,
}, async (t: TestContext) => {
  const folder = await temporary(t)
  const load = ['--rate', '20', '--warmup', '0s', '--duration', '60s']
  const args = ['run', '--nodes', '2', ...load, '--out', folder]
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk
      if (text.includes('trial 1 of 1')) resolve()
    })
    child.once('close', () => reject(new Error(text)))
  })
  const family = await descendants(child.pid ?? 0)
  t.assert.ok(family.length >= 4, 'two nodes, agent and proxy')
  // In the midst of what is measured, when everything that watches does so.
  const admin = await adminOf(family)
  await t.waitFor(
    async () => {
      const { calls } = (await (await fetch(`${admin}/api/fleet`)).json()) as { calls: number }
      t.assert.ok(calls > 40, `${calls} calls`)
    },
    { timeout: 60_000 },
  )
  child.kill('SIGINT')
  const code = await new Promise((resolve) => child.on('close', resolve))
  t.assert.equal(code, 1)
  t.assert.deepEqual(await running(family), [])
})

/** The admin URL of the proxy among these processes. */
async function adminOf(pids: readonly number[]): Promise<string> {
  for (const pid of pids) {
    const words = await commandLine(pid)
    const at = words.indexOf('--admin.port')
    if (at >= 0) return `http://127.0.0.1:${words[at + 1]}`
  }
  throw new Error('no proxy')
}

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-compare-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}
