import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { PsTable, type ReadUsage, readUsage, type Usage } from './ps.ts'
import { ProcessGone } from './source.ts'

const hasPs = spawnSync('ps', ['-p', String(process.pid)]).status === 0

/** A table over processes that a test makes up, whose readings end when it awaits them. */
function tableOf(processes: Map<number, Usage>) {
  const clock = { now: 0, nowMs: () => clock.now, wallMs: () => clock.now }
  const lines: string[] = []
  const state = { readings: 0, problem: '' }
  const read: ReadUsage = async (pids) => {
    state.readings += 1
    if (state.problem !== '') throw new Error(state.problem)
    return new Map(pids.flatMap((pid) => [[pid, processes.get(pid)] as const]).filter(isThere))
  }
  const table = new PsTable(read, clock, (line) => void lines.push(line))
  const next = async (laterMs = 1000) => {
    clock.now += laterMs
    table.refresh()
    await table.close()
  }
  return { table, next, lines, state }
}

function isThere(entry: readonly [number, Usage | undefined]): entry is readonly [number, Usage] {
  return entry[1] !== undefined
}

test('CPU and memory are told, what ps does not know is left out', async (t: TestContext) => {
  const { table, next } = tableOf(new Map([[7, { ctime: 1500, memory: 4096, elapsed: 9000 }]]))
  const source = table.open(7)
  t.assert.equal(source.sample(), undefined)
  await next()
  const sample = source.sample()
  t.assert.equal(sample?.cpuUsageS, 1.5)
  t.assert.equal(sample?.memCurrentBytes, 4096)
  t.assert.equal(sample?.cpuPressureS, undefined)
  t.assert.ok((sample?.cpus ?? 0) >= 1)
})

test('one reading covers all processes, and is taken once a second at most', async (t: TestContext) => {
  const usage = { ctime: 1, memory: 1, elapsed: 1 }
  const { table, next, state } = tableOf(
    new Map([
      [7, usage],
      [8, usage],
    ]),
  )
  const sources = [table.open(7), table.open(8)]
  await next()
  await next(250)
  await next(250)
  t.assert.equal(state.readings, 1)
  await next(500)
  t.assert.equal(state.readings, 2)
  for (const source of sources) t.assert.ok(source.sample())
})

test('a process that ps does not list, or lists as ended, is gone', async (t: TestContext) => {
  const processes = new Map([[7, { ctime: 1, memory: 0, elapsed: 1 }]])
  const { table, next } = tableOf(processes)
  const [ended, never] = [table.open(7), table.open(8)]
  await next()
  t.assert.throws(() => ended.sample(), ProcessGone)
  t.assert.throws(() => never.sample(), ProcessGone)
})

test('a process younger than before is another with the same pid', async (t: TestContext) => {
  const processes = new Map([[7, { ctime: 5000, memory: 1, elapsed: 60_000 }]])
  const { table, next } = tableOf(processes)
  const source = table.open(7)
  await next()
  source.sample()
  processes.set(7, { ctime: 10, memory: 1, elapsed: 1000 })
  await next()
  t.assert.throws(() => source.sample(), ProcessGone)
})

test('what fails is told once, and the last reading stays', async (t: TestContext) => {
  const { table, next, lines, state } = tableOf(new Map([[7, { ctime: 1, memory: 1, elapsed: 1 }]]))
  const source = table.open(7)
  await next()
  state.problem = 'spawn ps ENOENT'
  await next()
  await next()
  t.assert.equal(source.sample()?.atMs, 1000)
  t.assert.deepEqual(lines, ['ps: spawn ps ENOENT'])
})

test('a process that nobody watches is not asked for', async (t: TestContext) => {
  const { table, next, state } = tableOf(new Map())
  table.open(7).close()
  await next()
  t.assert.equal(state.readings, 0)
})

test('the real ps tells of a real process, until it has ended', {
  ...(hasPs ? {} : { skip: 'there is no ps here' }),
}, async (t: TestContext) => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: 'pipe' })
  const pid = child.pid ?? 0
  try {
    const usage = (await readUsage([pid])).get(pid)
    t.assert.ok((usage?.memory ?? 0) > 1_000_000)
    t.assert.ok((usage?.ctime ?? -1) >= 0)
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
    t.assert.equal((await readUsage([pid])).size, 0)
  } finally {
    child.kill('SIGKILL')
  }
})
