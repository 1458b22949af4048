import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type BenchSurroundings, bench } from './bench.ts'
import { type BenchConfig, parseCompare } from './config.ts'
import { readResults } from './report/results.ts'
import type { Site } from './site.ts'

test('a finished run leaves results, page and Markdown, and says where', async (t: TestContext) => {
  const site = await standing(t)
  const run = await surroundings(t, site)
  const end = await bench(run.config, run.around)
  t.assert.equal(end.failure, null)
  t.assert.ok(site.closed())
  t.assert.deepEqual((await readdir(run.directory)).toSorted(), [
    'figures.csv',
    'report.html',
    'report.md',
    'results.json',
  ])
  const results = await readResults(run.directory)
  t.assert.equal(results.complete, true)
  t.assert.equal(results.trials.length, 4)
  t.assert.match(run.printed(), /report: .*report\.html\n$/)
})

test('contenders of one repeat get the same calls', async (t: TestContext) => {
  const site = await standing(t)
  const run = await surroundings(t, site)
  await bench(run.config, run.around)
  const { trials } = await readResults(run.directory)
  for (const repeat of [0, 1]) {
    const sent = trials
      .filter((trial) => trial.repeat === repeat)
      .map(({ classes }) => Object.values(classes).map((tally) => tally.sent))
    t.assert.deepEqual(sent[0], sent[1])
  }
  const calls = site.calls()
  t.assert.deepEqual([...(calls.get('one') ?? [])].sort(), [...(calls.get('two') ?? [])].sort())
})

test('an interrupted run keeps its finished trials and closes its site', async (t: TestContext) => {
  const stop = new AbortController()
  const site = await standing(t)
  site.onPrepared((count) => {
    if (count === 3) stop.abort(new Error('interrupted'))
  })
  const run = await surroundings(t, site, stop.signal)
  const end = await bench(run.config, run.around)
  t.assert.notEqual(end.failure, null)
  t.assert.ok(site.closed())
  const results = await readResults(run.directory)
  t.assert.equal(results.complete, false)
  t.assert.equal(results.trials.length, 2)
  t.assert.match(run.printed(), /The run did not finish/)
  t.assert.match(run.printed(), /It was interrupted/)
})

test('a trial that fails ends the run with the reason in its report', async (t: TestContext) => {
  const site = await standing(t)
  site.onPrepared((count) => {
    if (count === 2) throw new Error('the proxy did not come up')
  })
  const run = await surroundings(t, site)
  const end = await bench(run.config, run.around)
  t.assert.match(String(end.failure), /did not come up/)
  t.assert.ok(site.closed())
  t.assert.match(run.printed(), /It failed: the proxy did not come up/)
})

test('a site that cannot be opened leaves no report', async (t: TestContext) => {
  const site = await standing(t)
  const run = await surroundings(t, site)
  const openSite = () => Promise.reject(new Error('port 8545 is taken'))
  const end = await bench(run.config, { ...run.around, openSite })
  t.assert.match(String(end.failure), /port 8545/)
  t.assert.deepEqual([end.directory, end.results, run.printed()], [null, null, ''])
})

test('what an earlier run left is not measured again, and the report holds all of it', async (t: TestContext) => {
  const stop = new AbortController()
  const site = await standing(t)
  site.onPrepared((count) => {
    if (count === 3) stop.abort(new Error('interrupted'))
  })
  const run = await surroundings(t, site, stop.signal)
  await bench(run.config, run.around)
  const earlier = await readResults(run.directory)
  site.onPrepared(() => {})
  const around = { ...run.around, earlier, signal: new AbortController().signal }
  const end = await bench(run.config, around)
  t.assert.equal(end.failure, null)
  const results = await readResults(run.directory)
  t.assert.equal(results.complete, true)
  t.assert.equal(results.trials.length, 4)
  t.assert.deepEqual(results.trials.slice(0, 2), earlier.trials)
  t.assert.deepEqual(results.notes, [])
})

test('a trial that breaks a rule is kept, does not count and is made again', async (t: TestContext) => {
  const site = await standing(t)
  const run = await surroundings(t, site)
  const rules = { ...run.config.rules, mostLateMs: 0, mostTries: 2 }
  await bench({ ...run.config, rules }, run.around)
  const dropped = await readResults(run.directory)
  t.assert.equal(dropped.trials.length, 8)
  t.assert.ok(dropped.trials.every((trial) => trial.dropped?.includes('late at p99')))
  t.assert.equal(dropped.complete, false)
  t.assert.match(run.printed(), /No trial counts/)
})

test('--keep-disturbed counts the last try, and the report says so', async (t: TestContext) => {
  const site = await standing(t)
  const run = await surroundings(t, site)
  const rules = { ...run.config.rules, mostLateMs: 0, mostTries: 1, keepsDisturbed: true }
  await bench({ ...run.config, rules }, run.around)
  const { trials, complete } = await readResults(run.directory)
  t.assert.ok(trials.every(({ dropped, disturbed }) => dropped === null && disturbed !== null))
  t.assert.equal(complete, true)
  t.assert.match(run.printed(), /4 of 4 trials count although a rule was broken/)
})

test('time that is up ends a run in order, and what is left is told', async (t: TestContext) => {
  const site = await standing(t)
  const run = await surroundings(t, site)
  const end = await bench({ ...run.config, budgetMs: 3_500 }, run.around)
  t.assert.equal(end.failure, null)
  const { trials, complete, notes } = await readResults(run.directory)
  t.assert.ok(trials.length >= 1)
  t.assert.equal(complete, trials.length === 4)
  if (!complete) t.assert.match(notes.join(), /trials are still to be made/)
})

test('a condition that holds fails the run, and says with which figures', async (t: TestContext) => {
  const site = await standing(t)
  const run = await surroundings(t, site)
  const failIf = parseCompare({
    target: ['one=http://127.0.0.1:1', 'two=http://127.0.0.1:1'],
    failIf: ['p99(one) > 0', 'p99(one) > 1000 * p99(two)'],
  }).failIf
  const end = await bench({ ...run.config, failIf }, run.around)
  t.assert.equal(end.failed.length, 1)
  t.assert.match(run.printed(), /failed: p99\(one\) > 0 in targets/)
})

async function surroundings(t: TestContext, site: FakeSite, signal?: AbortSignal) {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-bench-'))
  t.after(() => rm(folder, { recursive: true }))
  const directory = join(folder, 'run')
  const flags = {
    target: ['one=http://127.0.0.1:1', 'two=http://127.0.0.1:1'],
    ...{ rate: '100', late: '60000' },
  }
  const parsed = parseCompare(flags)
  const config: BenchConfig = {
    ...parsed,
    // A busy machine is no matter here.
    rules: { ...parsed.rules, mostBusyShare: 99 },
    warmupMs: 0,
    durationMs: 150,
    repeats: 2,
    outDir: directory,
  }
  let printed = ''
  const around: BenchSurroundings = {
    openSite: async () => site.site,
    flags,
    earlier: null,
    command: 'equipoise-bench compare',
    output: {
      write: (text) => {
        printed += text
      },
    },
    progress: { write: () => {} },
    signal: signal ?? new AbortController().signal,
  }
  return { config, around, directory, printed: () => printed }
}

type FakeSite = Awaited<ReturnType<typeof standing>>

/** A site of one server that answers everything, and writes down who asked what. */
async function standing(t: TestContext) {
  const calls = new Map<string, string[]>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const name = request.url?.slice(1) ?? ''
      calls.set(name, [...(calls.get(name) ?? []), body])
      const { id } = JSON.parse(body) as { id: number }
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' }))
    })
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let isClosed = false
  let prepared = 0
  let onPrepared: (count: number) => void = () => {}
  const site: Site = {
    facts: {
      firstBlock: 1,
      lastBlock: 9,
      accounts: [`0x${'11'.repeat(20)}`],
      transactions: [],
      logBlocks: null,
    },
    client: 'fake/1',
    commands: [],
    notes: [],
    idleUrl: null,
    disturb: async () => {},
    calm: () => {},
    prepare: async ({ name }) => {
      prepared += 1
      onPrepared(prepared)
      return { url: `${url}/${name}`, sources: null }
    },
    assertSound: () => {},
    close: async () => {
      isClosed = true
    },
  }
  return {
    site,
    calls: () => calls,
    closed: () => isClosed,
    onPrepared: (hear: (count: number) => void) => {
      onPrepared = hear
    },
  }
}
