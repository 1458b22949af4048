import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readResults } from '../report/results.ts'

const bin = new URL('../bin.ts', import.meta.url).pathname
const golden = new URL('../report/golden/results.json', import.meta.url).pathname

test('list names strategies, workloads and fleets', async (t: TestContext) => {
  const { code, out } = await ran(t, ['list'])
  t.assert.equal(code, 0)
  for (const name of ['round-robin', 'state-space', 'mixed-reads', 'anvil']) {
    t.assert.ok(out.includes(name), name)
  }
})

for (const command of ['run', 'compare', 'report', 'list']) {
  test(`${command} --help is help with exit code 0`, async (t: TestContext) => {
    const { code, out } = await ran(t, [command, '--help'])
    t.assert.equal(code, 0)
    t.assert.match(out, new RegExp(`^Usage: equipoise-bench ${command}`))
    if (command !== 'list') t.assert.match(out, /Examples:\n {2}\$ equipoise-bench/)
  })
}

const refused: readonly (readonly [string, readonly string[], number])[] = [
  ['wrong values', ['compare', '--rate', 'fast', '--strategies', 'best', '--seed', '-1'], 3],
  ['a flag that is none', ['compare', '--hypothesis', '3'], 1],
  ['a word too many', ['run', 'now'], 1],
  ['a load beside a rate', ['compare', '--load', '0.5', '--rate', '9'], 1],
  ['a target beside a fleet', ['compare', '--target', 'http://a', '--fleet', 'geth'], 1],
  ['a condition that is none', ['compare', '--fail-if', 'p99(state-space)'], 1],
  ['a flag of the other command', ['run', '--repeats', '3'], 1],
  ['no folder to report', ['report'], 1],
  ['a condition on two runs', ['report', golden, golden, '--fail-if', '1 > 0'], 1],
  ['a condition on nobody', ['report', golden, '--fail-if', 'p99(nobody) > 0'], 1],
  ['a folder that is not there', ['report', '/no/such/folder'], 1],
]

for (const [what, args, problems] of refused) {
  test(`${what}: exit code 2 and one line a problem on standard error`, async (t: TestContext) => {
    const { code, out, err } = await ran(t, args)
    t.assert.equal(code, 2)
    t.assert.equal(out, '')
    t.assert.equal(err.trimEnd().split('\n').length, problems, err)
  })
}

test('report makes table, page and Markdown again from results.json', async (t: TestContext) => {
  const folder = await temporary(t)
  await cp(golden, join(folder, 'results.json'))
  for (const path of [folder, join(folder, 'results.json')]) {
    const { code, out } = await ran(t, ['report', path])
    t.assert.equal(code, 0)
    t.assert.match(out, /Latency of all calls, ms/)
  }
  t.assert.deepEqual((await readdir(folder)).toSorted(), [
    'figures.csv',
    'report.html',
    'report.md',
    'results.json',
  ])
})

test('a condition that holds is exit code 3, with the figures', async (t: TestContext) => {
  const folder = await temporary(t)
  await cp(golden, join(folder, 'results.json'))
  const run = async (text: string) => await ran(t, ['report', folder, '--fail-if', text])
  const failed = await run('p99(round-robin) > 2 * p99(least-connection)')
  t.assert.equal(failed.code, 3)
  t.assert.match(failed.out, /^failed: p99\(round-robin\) > .* in unequal\/mixed-reads\/0\.7: /m)
  t.assert.equal((await run('p99(round-robin) < 1')).code, 0)
})

test('two runs are compared condition by condition', async (t: TestContext) => {
  const { code, out } = await ran(t, ['report', golden, golden])
  t.assert.equal(code, 0)
  t.assert.match(out, /unequal\/mixed-reads\/0\.85: 2026/)
  t.assert.match(out, /state-space +1\.00 \(/)
})

test('a run goes on where it was interrupted, with the flags that it was begun with', async (t: TestContext) => {
  const folder = join(await temporary(t), 'new')
  const url = await answering(t)
  const args = ['compare', '--target', `one=${url}`, '--target', `two=${url}`, '--resume', folder]
  const own = ['--duration', '1s', '--warmup', '0s', '--rate', '50', '--repeats', '2']
  const child = started(t, [...args, ...own, '--tries', '1', '--keep-disturbed'])
  await said(child, 'trial 2 of 4')
  child.kill('SIGINT')
  t.assert.equal((await ended(child)).code, 1)
  const other = await ran(t, ['compare', '--resume', folder, '--duration', '2s'])
  t.assert.equal(other.code, 2)
  t.assert.match(other.err, /--duration was 1000 there/)
  t.assert.equal((await ran(t, ['compare', '--resume', folder])).code, 0)
  const { trials, complete } = await readResults(folder)
  t.assert.deepEqual([trials.length, complete], [4, true])
})

test('a file that is no result fails with what is wrong in it', async (t: TestContext) => {
  const folder = await temporary(t)
  await writeFile(join(folder, 'results.json'), '{"schema":"equipoise-bench/0"}')
  const { code, err } = await ran(t, ['report', folder])
  t.assert.equal(code, 1)
  t.assert.match(err, /schema: /)
})

test('an earlier result is not written over', async (t: TestContext) => {
  const folder = await temporary(t)
  await cp(golden, join(folder, 'results.json'))
  const { code, err } = await ran(t, ['compare', '--out', folder])
  t.assert.equal(code, 2)
  t.assert.match(err, /already holds a results\.json/)
})

test('Ctrl-C reports the trials that were finished, with exit code 1', async (t: TestContext) => {
  const folder = await temporary(t)
  const url = await answering(t)
  const args = ['compare', '--target', `one=${url}`, '--target', `two=${url}`, '--out', folder]
  const child = started(t, [
    ...args,
    '--duration',
    '1s',
    '--warmup',
    '0s',
    '--rate',
    '50',
    '--late',
    '60000',
  ])
  await said(child, 'trial 3 of')
  child.kill('SIGINT')
  const { code, out } = await ended(child)
  t.assert.equal(code, 1)
  t.assert.match(out, /The run did not finish/)
  const results = await readResults(folder)
  t.assert.equal(results.complete, false)
  t.assert.equal(results.trials.length, 2)
})

test('an endpoint that is not there fails with its address', async (t: TestContext) => {
  const { code, err } = await ran(t, ['run', '--target', 'http://127.0.0.1:1', '--out', '/tmp'])
  t.assert.equal(code, 1)
  t.assert.match(err, /127\.0\.0\.1:1/)
})

type Ended = { readonly code: number | null; readonly out: string; readonly err: string }

async function ran(t: TestContext, args: readonly string[]): Promise<Ended> {
  return await ended(started(t, args))
}

function started(t: TestContext, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  return child
}

async function ended(child: ChildProcess): Promise<Ended> {
  const text = { out: '', err: '' }
  child.stdout?.on('data', (chunk: Buffer) => {
    text.out += chunk
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    text.err += chunk
  })
  return await new Promise((resolve) => child.on('close', (code) => resolve({ code, ...text })))
}

/** Waits until its progress holds the words. */
async function said(child: ChildProcess, words: string): Promise<void> {
  let text = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk
      if (text.includes(words)) resolve()
    })
    child.once('close', () => reject(new Error(`ended without "${words}": ${text}`)))
  })
}

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-cli-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** An endpoint that answers whatever is asked, as a chain of three empty blocks. */
async function answering(t: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const call = JSON.parse(Buffer.concat(chunks).toString()) as { id: number; method: string }
      const result = call.method === 'eth_getBlockByNumber' ? { transactions: [] } : '0x3'
      response.end(JSON.stringify({ jsonrpc: '2.0', id: call.id, result }))
    })
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
