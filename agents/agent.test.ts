import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type AgentOptions, createAgent } from './agent.ts'
import { rows } from './metric-rows.ts'
import type { OrcaReport } from './orca-report.ts'
import { parseReport, type Report } from './report.ts'

const hasPromtool = spawnSync('promtool', ['--version']).status === 0

/** An agent that watches this very process, and is closed with the test. */
async function start(t: TestContext, options: Partial<AgentOptions> = {}): Promise<string> {
  const agent = createAgent({
    nodes: [{ id: 'self', pid: process.pid }],
    host: 'test',
    port: 0,
    intervalMs: 20,
    ...options,
  })
  t.after(() => agent.close())
  return (await agent.listen()).url
}

/** The next lines of a stream, read and checked. */
async function readLines(url: string, count: number): Promise<readonly Report[]> {
  const { body } = await fetch(`${url}/v1/stream`)
  let text = ''
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    const lines = text.split('\n')
    if (lines.length > count)
      return lines.slice(0, count).map((line) => parseReport(JSON.parse(line)))
  }
  throw new Error(`the stream ended after ${text}`)
}

test('the state is one report, which readers take', async (t: TestContext) => {
  const url = await start(t)
  const response = await fetch(`${url}/v1/state`)
  const report = parseReport(await response.json())
  t.assert.equal(response.headers.get('content-type'), 'application/json')
  t.assert.equal(report.host, 'test')
  t.assert.equal(report.interval, 20)
  const [node] = report.nodes
  t.assert.equal(node?.id, 'self')
  t.assert.ok((node?.cap.cpus ?? 0) > 0)
  t.assert.ok((node?.x.memory ?? 0) > 0)
})

test('a stream is a line at once and one for each interval, numbered without a gap', async (t) => {
  const reports = await readLines(await start(t), 5)
  const first = reports[0]?.seq ?? 0
  // The first line tells what was read last, so that a reader need not wait for the next.
  t.assert.deepEqual(
    reports.map(({ seq }) => seq),
    [0, 1, 2, 3, 4].map((i) => first + i),
  )
  t.assert.notEqual(reports.at(-1)?.nodes[0]?.x.cpu, undefined)
})

test('readers of the stream get the same lines', async (t) => {
  const url = await start(t)
  const [a, b] = await Promise.all([readLines(url, 20), readLines(url, 20)])
  const ofB = new Map(b.slice(1).map((report) => [report.seq, report]))
  const shared = a.slice(1).filter(({ seq }) => ofB.has(seq))
  t.assert.notEqual(shared.length, 0)
  for (const report of shared) t.assert.deepEqual(report, ofB.get(report.seq))
})

test('a node that is not there is reported as gone beside one that is', async (t) => {
  const nodes = [
    { id: 'self', pid: process.pid },
    { id: 'other', pidFile: '/nowhere/node.pid' },
  ]
  const url = await start(t, { nodes })
  const report = parseReport(await (await fetch(`${url}/v1/state`)).json())
  t.assert.deepEqual(
    report.nodes.map(({ id, gone }) => [id, gone]),
    [
      ['self', undefined],
      ['other', true],
    ],
  )
})

test('what is not offered is refused in JSON', async (t: TestContext) => {
  const url = await start(t)
  for (const [path, method, status] of [
    ['/', 'GET', 404],
    ['/v1/orders', 'POST', 404],
    ['/v1/state', 'POST', 405],
    ['/v1/stream', 'DELETE', 405],
  ] as const) {
    const response = await fetch(`${url}${path}`, { method })
    t.assert.equal(response.status, status, path)
    const body: unknown = await response.json()
    t.assert.deepEqual(Object.keys(body ?? {}), ['error'])
  }
  t.assert.equal(
    (await fetch(`${url}/metrics`, { method: 'PUT' })).headers.get('allow'),
    'GET, HEAD',
  )
})

test('the head of a stream ends', async (t) => {
  const response = await fetch(`${await start(t)}/v1/stream`, { method: 'HEAD' })
  t.assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
  t.assert.equal(await response.text(), '')
})

test('with a token file only its token reads, but anyone may ask for health', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-token-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, 'secret\n')
  const url = await start(t, { tokenFile })
  const statusOf = async (path: string, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const response = await fetch(`${url}${path}`, { headers })
    await response.body?.cancel()
    return response.status
  }
  for (const path of ['/v1/state', '/v1/stream', '/metrics', '/none']) {
    t.assert.equal(await statusOf(path), 401, path)
    t.assert.equal(await statusOf(path, 'wrong'), 401, path)
  }
  t.assert.equal(await statusOf('/v1/state', 'secret'), 200)
  t.assert.equal(await statusOf('/none', 'secret'), 404)
  t.assert.equal(await statusOf('/healthz'), 200)
})

test('a node is told as ORCA, with the header that is asked for', async (t: TestContext) => {
  const url = await start(t, { nodes: [{ id: 'self a', pid: process.pid }] })
  await readLines(url, 4)
  const plain = await fetch(`${url}/v1/orca/self%20a`)
  t.assert.equal(plain.headers.get('endpoint-load-metrics'), null)
  const report = (await plain.json()) as OrcaReport
  t.assert.ok((report.mem_utilization ?? 0) > 0)
  t.assert.ok((report.named_metrics?.['capacity_cpus'] ?? 0) > 0)
  t.assert.equal(report.utilization?.['memory'], report.mem_utilization)
  for (const [format, name, form] of [
    ['TEXT', 'endpoint-load-metrics', /^TEXT cpu_utilization=[\d.e-]+,mem_utilization=/],
    ['JSON', 'endpoint-load-metrics', /^JSON \{"cpu_utilization":/],
    ['BIN', 'endpoint-load-metrics', /^BIN [A-Za-z0-9+/]+={0,2}$/],
    ['BIN', 'endpoint-load-metrics-bin', /^[A-Za-z0-9+/]+={0,2}$/],
  ] as const) {
    const headers = { 'endpoint-load-metrics-format': format }
    const response = await fetch(`${url}/v1/orca/self%20a`, { headers })
    t.assert.match(response.headers.get(name) ?? '', form)
    await response.body?.cancel()
  }
})

test('ORCA knows no node that is not watched, and no figures of one that has ended', async (t: TestContext) => {
  const url = await start(t, { nodes: [{ id: 'gone', pidFile: '/nowhere/node.pid' }] })
  for (const [name, status] of [
    ['gone', 503],
    ['other', 404],
    ['', 404],
    ['%E0', 404],
    ['constructor', 404],
    ['gone/x', 404],
  ] as const) {
    const response = await fetch(`${url}/v1/orca/${name}`)
    t.assert.equal(response.status, status, name)
    t.assert.deepEqual(Object.keys((await response.json()) as object), ['error'])
  }
})

test('one agent answers HTTP and HAProxy at once, and leaves neither port open', async (t: TestContext) => {
  const agent = createAgent({ nodes: [{ id: 'self', pid: process.pid }], port: 0, haproxyPort: 0 })
  t.after(() => agent.close())
  const { haproxy = '' } = await agent.listen()
  const port = Number(haproxy.split(':')[1])
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  const [line] = await once(socket, 'data')
  t.assert.match(line, /^up ready( \d+%)?\n$/)
  socket.destroy()
  await agent.close()
  const refused = connect(port, '127.0.0.1')
  const [error] = await once(refused, 'error')
  t.assert.equal(error.code, 'ECONNREFUSED')
})

test('an agent that has read nothing for long is not well, and is again when it has', async (t: TestContext) => {
  let aheadMs = 0
  const clock = { nowMs: () => performance.now() + aheadMs, wallMs: () => Date.now() }
  const url = await start(t, { clock, intervalMs: 1_000 })
  t.assert.equal((await fetch(`${url}/healthz`)).status, 200)
  aheadMs = 60_000
  const response = await fetch(`${url}/healthz`)
  t.assert.equal(response.status, 503)
  t.assert.deepEqual(await response.json(), { error: 'no figures were read for some time' })
  await t.waitFor(async () => t.assert.equal((await fetch(`${url}/healthz`)).status, 200), {
    timeout: 20_000,
    interval: 100,
  })
})

test('closing ends open streams', async (t) => {
  const agent = createAgent({ nodes: [{ id: 'self', pid: process.pid }], port: 0 })
  const { url } = await agent.listen()
  const response = await fetch(`${url}/v1/stream`)
  const text = response.text()
  await agent.close()
  t.assert.match(await text, /^\{"v":1,.*\}\n$/)
  await t.assert.rejects(fetch(`${url}/healthz`))
})

test('a taken port is an error, and nothing is left running', async (t) => {
  const url = await start(t)
  const agent = createAgent({
    nodes: [{ id: 'self', pid: process.pid }],
    port: Number(new URL(url).port),
  })
  await t.assert.rejects(agent.listen(), { code: 'EADDRINUSE' })
  await agent.close()
})

test('every metric of the table is exported, and known nodes have their series', async (t) => {
  const url = await start(t)
  await readLines(url, 3)
  const text = await (await fetch(`${url}/metrics`)).text()
  for (const name of Object.keys(rows)) t.assert.match(text, new RegExp(`^# TYPE ${name} `, 'm'))
  t.assert.match(text, /^equipoise_agent_node_state\{node="self",dim="cpu"\} [\d.]+$/m)
  t.assert.match(text, /^equipoise_agent_node_up\{node="self"\} 1$/m)
  t.assert.match(text, /^equipoise_agent_node_capacity_cpus\{node="self"\} [\d.]+$/m)
})

test('promtool finds nothing to say of the metrics', {
  ...(hasPromtool ? {} : { skip: 'promtool is not installed (Debian: prometheus)' }),
}, async (t) => {
  const text = await (await fetch(`${await start(t)}/metrics`)).text()
  const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], { input: text })
  t.assert.equal(`${stdout}${stderr}`, '')
  t.assert.equal(status, 0)
})
