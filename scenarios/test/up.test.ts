import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { commandLine, descendants, noProcessTable, running } from './process-table.ts'

const bin = new URL('../bin.ts', import.meta.url).pathname
const freePorts = ['--http.port', '0', '--admin.port', '0', '--agent.port', '0']
/** A process that does not end, or is not ended, fails its test and not the whole run. */
const limits = { skip: noProcessTable, timeout: 60_000 }
const quick = [...freePorts, '--nodes', '2', '--block-time', '200ms']

test(
  'a killed node comes back by itself, and Ctrl-C leaves nothing behind',
  limits,
  async (t: TestContext) => {
    const up = await started(t, [...quick, '--cpu', '0.5,1', '--contracts'])
    await up.said('Ctrl-C ends all of it.')
    const endpoint = /Endpoint +(\S+)/.exec(up.text())?.[1] ?? ''
    const request = /curl (-s .*)/.exec(up.text())?.[1]
    t.assert.ok(request?.includes(endpoint), 'a curl to try')
    t.assert.match(up.text(), /PrivateEquity 0x[0-9a-fA-F]{40}/)
    const family = await up.family()
    const node = await up.pidOf('anvil')
    process.kill(node, 'SIGKILL')
    await up.said(/anvil-\d is started again/)
    await up.said('takes part again')
    await up.said(/block \d+ · \d+ calls\/s/)
    up.child.kill('SIGINT')
    t.assert.equal(await up.ended, 0)
    await nothingLeft(t, up, [...family, ...(await up.family())])
    await t.assert.rejects(fetch(endpoint))
  },
)

for (const [name, program] of [
  ['agent', 'agents/bin.ts'],
  ['proxy', 'proxy/bin.ts'],
] as const) {
  test(
    `a killed ${name} is named, and ends all with exit code 1`,
    limits,
    async (t: TestContext) => {
      const up = await started(t, quick)
      await up.said('Ctrl-C ends all of it.')
      const family = await up.family()
      process.kill(await up.pidOf(program), 'SIGKILL')
      t.assert.equal(await up.ended, 1)
      t.assert.match(up.text(), new RegExp(`the ${name} ended: SIGKILL`))
      await nothingLeft(t, up, family)
    },
  )
}

test('killed itself, it leaves nothing behind either', limits, async (t: TestContext) => {
  const up = await started(t, [...quick, '--cpu', '0.5,1'])
  await up.said('Ctrl-C ends all of it.')
  const family = await up.family()
  t.assert.equal(family.length, 5, 'two nodes, agent, proxy and the reaper')
  up.child.kill('SIGKILL')
  await up.ended
  await nothingLeft(t, up, family)
})

test('a signal while it starts ends it just as well', limits, async (t: TestContext) => {
  const up = await started(t, quick)
  await up.said('starting')
  const family = await up.family()
  up.child.kill('SIGTERM')
  t.assert.equal(await up.ended, 0)
  await nothingLeft(t, up, [...family, ...(await up.family())])
})

for (const flag of ['--http.port', '--admin.port', '--agent.port']) {
  test(`a port that is taken is told with ${flag}`, limits, async (t: TestContext) => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const address = server.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const up = await started(t, [...quick, flag, port])
    t.assert.equal(await up.ended, 1)
    const told = up
      .text()
      .split('\n')
      .filter((line) => line.includes(port))
    t.assert.equal(told.length, 1, up.text())
    t.assert.ok(told[0]?.includes(flag), told[0])
    await nothingLeft(t, up, [])
  })
}

test('wrong flags are told together, with exit code 2', limits, async (t: TestContext) => {
  const up = await started(t, ['--nodes', '0', '--block-time', 'soon', '--strategy', 'best'])
  t.assert.equal(await up.ended, 2)
  t.assert.equal(up.text().trimEnd().split('\n').length, 3, up.text())
})

type Up = {
  readonly child: ChildProcess
  /** Its exit code. */
  readonly ended: Promise<number | null>
  readonly folder: string
  /** All that it has said, on either stream. */
  text(): string
  /** Resolves when it has said that after what was waited for before. */
  said(words: string | RegExp): Promise<void>
  family(): Promise<readonly number[]>
  /** The first of its processes whose command line holds the word. */
  pidOf(word: string): Promise<number>
}

/** `equipoise-bench up` with a folder for temporary files of its own. */
async function started(t: TestContext, flags: readonly string[]): Promise<Up> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-up-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const child = spawn(process.execPath, [bin, 'up', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: folder },
  })
  t.after(() => child.kill('SIGKILL'))
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk
    })
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let from = 0
  return {
    child,
    ended,
    folder,
    text: () => text,
    async said(words) {
      for (;;) {
        const at = text.slice(from).search(words)
        if (at >= 0) {
          from += at + 1
          return
        }
        if (child.exitCode !== null) throw new Error(`ended without ${words}: ${text}`)
        await pause(10)
      }
    },
    family: () => descendants(child.pid ?? 0),
    async pidOf(word) {
      for (const pid of await descendants(child.pid ?? 0)) {
        const line = await commandLine(pid)
        if (line.slice(0, 2).some((part) => part.includes(word))) return pid
      }
      throw new Error(`no process of ${word}`)
    },
  }
}

/** Waits for the reaper, where it has to do the work, then looks for all that could be left. */
async function nothingLeft(t: TestContext, up: Up, family: readonly number[]): Promise<void> {
  while ((await running(family)).length > 0 || (await readdir(up.folder)).length > 0)
    await pause(10)
  const groups = await controlGroups(`equipoise-${up.child.pid}-`)
  t.assert.deepEqual(groups, [])
}

async function controlGroups(prefix: string): Promise<readonly string[]> {
  const all = await readdir('/sys/fs/cgroup', { recursive: true }).catch(() => [])
  return all.filter((path) => path.includes(prefix))
}
