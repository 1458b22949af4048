import { once } from 'node:events'
import { request } from 'node:http'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createAdmin } from './admin.ts'
import {
  emptyLedger,
  noContracts,
  noReports,
  obedientFleet,
  runningAdmin,
} from './test/running-admin.ts'

test('what is read comes as it is', async (t: TestContext) => {
  const { url } = await runningAdmin(t)
  t.assert.deepEqual(await json(`${url}/healthz`), { status: 'ok' })
  t.assert.deepEqual(await json(`${url}/readyz`), { status: 'ready' })
  t.assert.deepEqual(await json(`${url}/api/fleet`), obedientFleet([]).snapshot())
  const metrics = await fetch(`${url}/metrics`)
  t.assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4')
  t.assert.equal(await metrics.text(), 'up 1\n')
  const page = await fetch(`${url}/`)
  t.assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  t.assert.match(await page.text(), /<title>Equipoise/)
})

test('a fleet that cannot serve is alive and not ready', async (t: TestContext) => {
  const { url } = await runningAdmin(t, { fleet: obedientFleet([], false) })
  t.assert.equal((await fetch(`${url}/healthz`)).status, 200)
  await isRefused(t, fetch(`${url}/readyz`), 503, /no node can serve/)
})

test('an order reaches the fleet, with the id as it was encoded', async (t: TestContext) => {
  const { url, orders } = await runningAdmin(t)
  const drained = await fetch(`${url}/api/nodes/b%2Fc/drain`, { method: 'POST' })
  t.assert.deepEqual(await drained.json(), { id: 'b/c', draining: true })
  const resumed = await fetch(`${url}/api/nodes/a/resume`, { method: 'POST' })
  t.assert.deepEqual(await resumed.json(), { id: 'a', draining: false })
  const chosen = await put(url, '{"name": "round-robin"}')
  t.assert.deepEqual(await chosen.json(), { strategy: 'round-robin' })
  t.assert.deepEqual(orders, ['drain b/c', 'resume a', 'strategy round-robin'])
})

test('an order that means nothing is refused with a reason and reaches nobody', async (t: TestContext) => {
  const { url, orders } = await runningAdmin(t)
  await isRefused(t, fetch(`${url}/api/nodes/x/drain`, { method: 'POST' }), 404, /no node "x"/)
  await isRefused(t, fetch(`${url}/api/nodes/%E0/drain`, { method: 'POST' }), 400, /not a name/)
  await isRefused(t, put(url, '{"name": "best"}'), 400, /no strategy "best"; there is round-robin/)
  await isRefused(t, put(url, '{"name": 1}'), 400, /want/)
  await isRefused(t, put(url, 'null'), 400, /want/)
  await isRefused(t, put(url, '{'), 400, /not JSON/)
  await isRefused(t, put(url, `"${'x'.repeat(5000)}"`), 413, /4096 bytes/)
  await isRefused(t, put(url, `"${'x'.repeat(3_000_000)}"`), 413, /4096 bytes/)
  t.assert.deepEqual(orders, [])
})

test('a path that is nowhere is 404, a method that is not for it 405 with Allow', async (t: TestContext) => {
  const { url } = await runningAdmin(t)
  for (const path of ['/nothing', '/api', '/../admin.ts', '/%2e%2e/admin.ts', '/constructor']) {
    await isRefused(t, fetch(url + path), 404, /nothing is at/)
  }
  const wrong = await fetch(`${url}/api/fleet`, { method: 'DELETE' })
  t.assert.equal(wrong.status, 405)
  t.assert.equal(wrong.headers.get('allow'), 'GET, HEAD')
  const read = await fetch(`${url}/api/nodes/a/drain`)
  t.assert.equal(read.status, 405)
  t.assert.equal(read.headers.get('allow'), 'POST')
})

test('HEAD is GET without the body, and opens no stream', async (t: TestContext) => {
  const { url } = await runningAdmin(t)
  for (const path of ['/', '/api/fleet', '/api/events', '/metrics']) {
    const answer = await fetch(url + path, { method: 'HEAD' })
    t.assert.equal(answer.status, 200)
    t.assert.equal(await answer.text(), '')
  }
})

test('every answer forbids framing, sniffing, caching and loading from elsewhere', async (t: TestContext) => {
  const { url } = await runningAdmin(t)
  for (const path of ['/', '/api/fleet', '/nothing']) {
    const { headers } = await fetch(url + path)
    t.assert.match(
      headers.get('content-security-policy') ?? '',
      /^default-src 'self';.*frame-ancestors 'none'/,
    )
    t.assert.equal(headers.get('x-content-type-options'), 'nosniff')
    t.assert.equal(headers.get('cache-control'), 'no-store')
    t.assert.equal(headers.get('access-control-allow-origin'), null)
  }
})

test('the journal comes by pages, as JSON or as a table to be saved', async (t: TestContext) => {
  const { url } = await runningAdmin(t)
  const empty = { total: 0, pending: 0, transactions: [], next: null }
  t.assert.deepEqual(await json(`${url}/api/transactions?state=pending`), empty)
  t.assert.deepEqual(await json(`${url}/api/blocks`), { reorganisations: 0, blocks: [] })
  const table = await fetch(`${url}/api/transactions?format=csv`)
  t.assert.match(table.headers.get('content-disposition') ?? '', /attachment/)
  t.assert.match(await table.text(), /^hash,sender,nonce/)
  const refused = await fetch(`${url}/api/transactions?limit=many`)
  t.assert.equal(refused.status, 400)
  t.assert.match(await refused.text(), /limit: /)
})

test('an address that others reach needs a token', (t: TestContext) => {
  const options = {
    port: 0,
    fleet: obedientFleet([]),
    ledger: emptyLedger,
    contracts: noContracts,
    reports: noReports,
    metrics: { contentType: '', render: async () => '' },
  }
  for (const addr of ['0.0.0.0', '::', '192.0.2.1']) {
    for (const token of [null, '']) {
      t.assert.throws(() => createAdmin({ ...options, addr, token }), /needs a token/)
    }
    t.assert.doesNotThrow(() => createAdmin({ ...options, addr, token: 's3cret' }))
  }
})

test('with a token, numbers and orders are for its bearer; probes and the page are open', async (t: TestContext) => {
  const { url, orders } = await runningAdmin(t, { token: 's3cret' })
  for (const path of ['/healthz', '/readyz', '/'])
    t.assert.equal((await fetch(url + path)).status, 200)
  for (const path of ['/metrics', '/api/fleet', '/api/events', '/nothing']) {
    const answer = await fetch(url + path)
    t.assert.equal(answer.status, 401, path)
    t.assert.match(answer.headers.get('www-authenticate') ?? '', /^Bearer/)
  }
  const order = `${url}/api/nodes/a/drain`
  await isRefused(t, fetch(order, { method: 'POST' }), 401, /token/)
  const wrong = { authorization: 'Bearer s3cres' }
  await isRefused(t, fetch(order, { method: 'POST', headers: wrong }), 401, /token/)
  t.assert.deepEqual(orders, [])
  const headers = { authorization: 'Bearer s3cret' }
  t.assert.equal((await fetch(order, { method: 'POST', headers })).status, 200)
  t.assert.deepEqual(orders, ['drain a'])
})

test('a page of another site can neither order nor listen, and a rebound name reads nothing', async (t: TestContext) => {
  const { url, orders } = await runningAdmin(t)
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ]
  for (const headers of foreign) {
    t.assert.equal(await statusOf(`${url}/api/nodes/a/drain`, 'POST', headers), 403)
    t.assert.equal(await statusOf(`${url}/api/events`, 'GET', headers), 403)
  }
  for (const path of ['/', '/metrics', '/api/fleet']) {
    t.assert.equal(await statusOf(url + path, 'GET', { host: 'evil.example' }), 403)
  }
  t.assert.deepEqual(orders, [])
  const own = { origin: url, 'sec-fetch-site': 'same-origin' }
  t.assert.equal(await statusOf(`${url}/api/nodes/a/drain`, 'POST', own), 200)
})

test('a port that is taken is said', async (t: TestContext) => {
  const { url } = await runningAdmin(t)
  const port = Number(new URL(url).port)
  await t.assert.rejects(runningAdmin(t, { port }), { code: 'EADDRINUSE' })
})

test('a failure inside is a 500 that tells nothing, and is logged', async (t: TestContext) => {
  const logged: object[] = []
  const failure = new Error('secret detail')
  const { url } = await runningAdmin(t, {
    metrics: { contentType: '', render: () => Promise.reject(failure) },
    log: { error: (details) => logged.push(details) },
  })
  const answer = await fetch(`${url}/metrics`)
  t.assert.equal(answer.status, 500)
  t.assert.deepEqual(await answer.json(), { error: 'internal error' })
  t.assert.deepEqual(logged, [{ err: failure, method: 'GET', path: '/metrics' }])
})

test('what is no HTTP gets a status and a reason', async (t: TestContext) => {
  const { url } = await runningAdmin(t)
  t.assert.match(
    await answerTo(url, 'hello\r\n\r\n'),
    /^HTTP\/1\.1 400 .*\{"error":"bad request"\}$/s,
  )
  const long = `GET / HTTP/1.1\r\nx: ${'x'.repeat(70_000)}\r\n\r\n`
  t.assert.match(await answerTo(url, long), /^HTTP\/1\.1 431 .*\{"error":".*too large"\}$/s)
})

test('after close nothing listens and no connection is left', async (t: TestContext) => {
  const { admin, url } = await runningAdmin(t)
  const stream = await fetch(`${url}/api/events`)
  const idle = connect(Number(new URL(url).port), '127.0.0.1')
  await once(idle, 'connect')
  const idleClosed = once(idle, 'close')
  await admin.close()
  await idleClosed
  await t.assert.rejects(async () => {
    for await (const _ of stream.body ?? []);
  })
  await t.assert.rejects(fetch(`${url}/healthz`))
  await admin.close()
})

async function json(url: string): Promise<unknown> {
  return await (await fetch(url)).json()
}

function put(url: string, body: string): Promise<Response> {
  return fetch(`${url}/api/strategy`, { method: 'PUT', body })
}

async function isRefused(
  t: TestContext,
  asked: Promise<Response>,
  status: number,
  reason: RegExp,
): Promise<void> {
  const answer = await asked
  t.assert.equal(answer.status, status)
  const { error } = (await answer.json()) as { error: string }
  t.assert.match(error, reason)
}

/** fetch sets Host and Sec-Fetch-Site itself, so these are asked by hand. */
async function statusOf(
  url: string,
  method: string,
  headers: Record<string, string>,
): Promise<number | undefined> {
  const asked = request(url, { method, headers, agent: false }).end()
  const [answer] = await once(asked, 'response')
  answer.resume()
  return answer.statusCode
}

async function answerTo(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').setEncoding('utf8')
  socket.write(bytes)
  let answer = ''
  for await (const text of socket) answer += text
  return answer
}
