import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type BenchSurroundings, bench } from './bench.ts'
import { schedule } from './compare.ts'
import { type BenchConfig, parseCompare } from './config.ts'
import { readResults } from './report/results.ts'
import type { Site } from './site.ts'

test('each repeat holds every contender once, in an order drawn from the seed', (t: TestContext) => {
  const config = parseCompare({ repeats: '40' })
  const slots = schedule(config)
  const orders = Array.from({ length: 40 }, (_, repeat) =>
    slots.filter((slot) => slot.repeat === repeat).map((slot) => slot.contender.name),
  )
  for (const order of orders) {
    t.assert.deepEqual(order.toSorted(), config.contenders.map(({ name }) => name).toSorted())
  }
  t.assert.ok(new Set(orders.map((order) => order.join())).size > 10)
  t.assert.deepEqual(slots, schedule(config))
  t.assert.notDeepEqual(slots, schedule({ ...config, seed: 2 }))
  t.assert.deepEqual([slots[0]?.number, slots.at(-1)?.number], [1, slots[0]?.of])
})

test('a finished run leaves results, page and Markdown, and says where', async (t: TestContext) => {
  const site = await standing(t)
  const run = await surroundings(t, site)
  const end = await bench(run.config, run.around)
  t.assert.equal(end.failure, null)
  t.assert.ok(site.closed())
  t.assert.deepEqual((await readdir(run.directory)).toSorted(), [
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

async function surroundings(t: TestContext, site: FakeSite, signal?: AbortSignal) {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-bench-'))
  t.after(() => rm(folder, { recursive: true }))
  const directory = join(folder, 'run')
  const config: BenchConfig = {
    ...parseCompare({ target: ['one=http://127.0.0.1:1', 'two=http://127.0.0.1:1'] }),
    ratePerSecond: 100,
    warmupMs: 0,
    durationMs: 150,
    repeats: 2,
    outDir: directory,
  }
  let printed = ''
  const around: BenchSurroundings = {
    openSite: async () => site.site,
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
