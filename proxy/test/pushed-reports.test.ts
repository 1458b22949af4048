import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { asFlags, fileWith, nodeOf, runningProxy, startedProxy } from './running-proxy.ts'
import { stubNodes } from './stub-node.ts'
import { wiredProxy } from './wired-proxy.ts'

const call = '{"jsonrpc":"2.0","id":1,"method":"eth_getBalance","params":["0x0","latest"]}'

function line(seq: number, id: string, cpu: number): string {
  const node = { id, name: id, x: { cpu }, cap: { cpus: 2 }, raw: {}, src: 'proc', age: 0 }
  return JSON.stringify({ v: 1, host: 'far', boot: 1_000, seq, t: 0, interval: 250, nodes: [node] })
}

async function push(adminUrl: string, body: string, token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await fetch(`${adminUrl}/v1/report`, { method: 'POST', headers, body })
  return [response.status, await response.json()]
}

test('what is pushed is the state of the node, and is told of like any agent', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a', 'b')
  const proxy = await runningProxy(t, asFlags(nodes))
  t.assert.deepEqual(await push(proxy.adminUrl, line(1, 'a', 0.5)), [
    200,
    { taken: 1, unknown: [] },
  ])
  t.assert.deepEqual(await push(proxy.adminUrl, line(1, 'a', 0.9)), [
    409,
    { error: 'not later than what was reported before' },
  ])
  t.assert.deepEqual(await push(proxy.adminUrl, line(2, 'x', 0.9)), [404, { error: 'no node x' }])
  t.assert.equal((await push(proxy.adminUrl, '{'))[0], 400)
  t.assert.equal((await push(proxy.adminUrl, '{"v":1}'))[0], 400)
  t.assert.equal((await push(proxy.adminUrl, `"${'x'.repeat(1_100_000)}"`))[0], 413)
  const { reported, capacity, source } = nodeOf(await proxy.fleet(), 'a')
  t.assert.deepEqual([reported, capacity, source], [{ cpu: 0.5 }, { cpus: 2 }, 'proc'])
  const metrics = await (await fetch(`${proxy.adminUrl}/metrics`)).text()
  t.assert.match(metrics, /^equipoise_agent_up\{host="far"\} 1$/m)
  t.assert.match(metrics, /^equipoise_agent_reports_total\{host="far"\} 1$/m)
  t.assert.match(metrics, /^equipoise_pushes_refused_total\{reason="replayed"\} 1$/m)
  t.assert.match(metrics, /^equipoise_pushes_refused_total\{reason="malformed"\} 1$/m)
  const read = await fetch(`${proxy.adminUrl}/v1/report`)
  t.assert.deepEqual([read.status, read.headers.get('allow')], [405, 'POST'])
})

test('the agents’ token lets reports in and gives no orders, and holds as it is now', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const [admin, agents] = [await fileWith(t, 'for-people\n'), await fileWith(t, 'for-agents\n')]
  const tokens = ['--admin.token-file', admin, '--agent-token-file', agents]
  const proxy = await runningProxy(t, [...asFlags(nodes), ...tokens])
  const url = proxy.adminUrl
  t.assert.equal((await push(url, line(1, 'a', 0.5)))[0], 401)
  t.assert.equal((await push(url, line(1, 'a', 0.5), 'wrong'))[0], 401)
  t.assert.equal((await push(url, line(1, 'a', 0.5), 'for-agents'))[0], 200)
  t.assert.equal((await push(url, line(2, 'a', 0.5), 'for-people'))[0], 200)
  writeFileSync(agents, 'changed\n')
  t.assert.equal((await push(url, line(3, 'a', 0.5), 'for-agents'))[0], 401)
  t.assert.equal((await push(url, line(3, 'a', 0.5), 'changed'))[0], 200)
  for (const [path, method] of [
    ['/metrics', 'GET'],
    ['/api/fleet', 'GET'],
    ['/api/nodes/a/drain', 'POST'],
    ['/api/strategy', 'PUT'],
  ] as const) {
    const headers = { authorization: 'Bearer changed' }
    t.assert.equal((await fetch(url + path, { method, headers })).status, 401, path)
  }
})

test('where only agents have a token, they must show it, and no page of a browser may push', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const agents = await fileWith(t, 'for-agents\n')
  const proxy = await runningProxy(t, [...asFlags(nodes), '--agent-token-file', agents])
  t.assert.equal((await push(proxy.adminUrl, line(1, 'a', 0.5)))[0], 401)
  t.assert.equal((await push(proxy.adminUrl, line(1, 'a', 0.5), 'for-agents'))[0], 200)
  const headers = { authorization: 'Bearer for-agents', origin: 'http://evil.example' }
  const asked = request(`${proxy.adminUrl}/v1/report`, { method: 'POST', headers, agent: false })
  asked.end(line(2, 'a', 0.5))
  const [answer] = await once(asked, 'response')
  answer.resume()
  t.assert.equal(answer.statusCode, 403)
})

test('bad credentials for agents are told with their key, and leave with 2', async (t: TestContext) => {
  const text = await fileWith(t, 'no certificate\n')
  const node = ['--node', 'http://127.0.0.1:9']
  for (const [flags, told] of [
    [['--agent-tls.ca', text], /^agent-tls\.ca: .* is of no use/],
    [['--agent-tls.ca', '/nowhere'], /^agent-tls\.ca: ENOENT/],
    [['--agent-tls.cert', text], /^agent-tls\.key: needed/],
    [['--agent-token-file', '/nowhere'], /^agent-token-file: ENOENT/],
  ] as const) {
    const { code, stderr } = await startedProxy(t, [...node, ...flags]).ended()
    t.assert.equal(code, 2)
    t.assert.match(stderr, told)
    t.assert.equal(stderr.trim().split('\n').length, 1)
  }
})

test('who asks is told how loaded the proxy is, and nobody else', async (t: TestContext) => {
  const nodes = await stubNodes(t, 'a')
  const { url, adminUrl } = await wiredProxy(t, nodes, { strategy: 'nearest-origin' })
  await push(adminUrl, line(1, 'a', 0.5))
  const ask = async (format?: string) => {
    const headers = { 'content-type': 'application/json' }
    const more = format === undefined ? {} : { 'endpoint-load-metrics-format': format }
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, ...more },
      body: call,
    })
    await response.text()
    return response.headers
  }
  t.assert.match(
    (await ask('TEXT')).get('endpoint-load-metrics') ?? '',
    /^TEXT cpu_utilization=0\.5,application_utilization=0\.125,.*named_metrics\.head_block=16/,
  )
  t.assert.match(
    (await ask('json')).get('endpoint-load-metrics') ?? '',
    /^JSON \{"cpu_utilization"/,
  )
  t.assert.match((await ask('BIN')).get('endpoint-load-metrics-bin') ?? '', /^[\w+/]+={0,2}$/)
  for (const none of [undefined, '', 'XML', 'TEXT, JSON']) {
    const names = [...(await ask(none)).keys()]
    t.assert.deepEqual(
      names.filter((name) => name.startsWith('endpoint-load')),
      [],
    )
  }
})
