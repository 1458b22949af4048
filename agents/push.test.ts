import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Push, type PushAccess } from './push.ts'
import { Authority } from './test/certificates.ts'
import { readTls, type TlsFiles } from './tls.ts'

/** A proxy that takes what is pushed to it and answers as a test says. */
class StubProxy {
  readonly #events = new EventEmitter()
  readonly #held: ServerResponse[] = []
  readonly #server
  readonly #scheme: string
  /** Bodies in the order in which they came. */
  readonly bodies: string[] = []
  readonly requests: IncomingMessage[] = []
  /** What is answered; null: nothing yet. */
  answer: { readonly status: number; readonly body: string } | null = { status: 200, body: '{}' }

  constructor(tls?: TlsFiles) {
    const listener: RequestListener = (request, response) => {
      this.#take(request, response).catch(() => response.destroy())
    }
    this.#scheme = tls === undefined ? 'http' : 'https'
    const demands = { requestCert: true, rejectUnauthorized: true }
    this.#server =
      tls === undefined
        ? createServer(listener)
        : createTlsServer({ ...readTls(tls), ...demands }, listener)
  }

  async start(t: TestContext): Promise<URL> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    t.after(() => {
      this.#server.close()
      this.#server.closeAllConnections()
    })
    const { port } = this.#server.address() as AddressInfo
    return new URL(`${this.#scheme}://127.0.0.1:${port}/`)
  }

  /** Resolves with the next report that comes in. */
  async arrival(): Promise<string> {
    await once(this.#events, 'report')
    return this.bodies.at(-1) ?? ''
  }

  release(): void {
    for (const response of this.#held.splice(0)) response.end('{}')
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const chunk of request) body += String(chunk)
    this.bodies.push(body)
    this.requests.push(request)
    if (this.answer === null) this.#held.push(response)
    else response.writeHead(this.answer.status).end(this.answer.body)
    this.#events.emit('report')
  }
}

async function pushing(t: TestContext, config: PushAccess & { readonly url: URL }) {
  const clock = { ms: 0, nowMs: () => clock.ms, wallMs: () => 0 }
  const lines: string[] = []
  let seq = 0
  const push = new Push({
    ...config,
    line: () => String(++seq),
    clock,
    rng: () => 0.5,
    log: (line) => lines.push(line.replace(/^push to \S+: /, '')),
  })
  t.after(() => push.close())
  const { counts } = push
  /** Offers one and waits until it is settled. */
  const settled = async (): Promise<void> => {
    const before = counts.taken + counts.refused + counts.failed
    push.offer()
    await t.waitFor(
      () => t.assert.equal(counts.taken + counts.refused + counts.failed, before + 1),
      { timeout: 20_000 },
    )
    // The request may be settled a moment before the next may begin.
    await new Promise(setImmediate)
  }
  /** Reports made to be sent. */
  const made = (): number => seq
  return { push, clock, lines, made, settled }
}

test('a report is posted below the path of the address, with the token as it is then', async (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-token-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, 'one\n')
  const proxy = new StubProxy()
  const url = new URL('/behind/', await proxy.start(t))
  const { push, settled } = await pushing(t, { url, tokenFile })
  t.assert.equal(push.isUp, false)
  await settled()
  writeFileSync(tokenFile, 'two\n')
  await settled()
  t.assert.deepEqual(
    proxy.requests.map(({ method, url, headers }) => [method, url, headers.authorization]),
    [
      ['POST', '/behind/v1/report', 'Bearer one'],
      ['POST', '/behind/v1/report', 'Bearer two'],
    ],
  )
  t.assert.equal(push.isUp, true)
})

test('one report is under way at most, nothing waits, and nothing is sent twice', async (t: TestContext) => {
  const proxy = new StubProxy()
  proxy.answer = null
  const { push } = await pushing(t, { url: await proxy.start(t) })
  const first = proxy.arrival()
  push.offer()
  for (let i = 0; i < 1_000; i += 1) push.offer()
  await first
  for (let i = 0; i < 1_000; i += 1) push.offer()
  t.assert.deepEqual(proxy.bodies, ['1'])
  proxy.answer = { status: 200, body: '{}' }
  proxy.release()
  await t.waitFor(() => t.assert.equal(push.counts.taken, 1), { timeout: 20_000 })
  const second = proxy.arrival()
  await t.waitFor(
    () => {
      push.offer()
      t.assert.ok(proxy.bodies.length > 1)
    },
    { timeout: 20_000 },
  )
  await second
  t.assert.equal(new Set(proxy.bodies).size, proxy.bodies.length)
})

test('after a failure the pause is anywhere below a bound that doubles, up to 5 s', async (t: TestContext) => {
  const proxy = new StubProxy()
  proxy.answer = { status: 503, body: '' }
  const { push, clock, made, settled } = await pushing(t, { url: await proxy.start(t) })
  // With 0.5 for the rng each pause is half of its bound.
  for (const pauseMs of [50, 100, 200, 400, 800, 1600, 2500, 2500, 2500]) {
    await settled()
    const before = made()
    clock.ms += pauseMs - 1
    push.offer()
    t.assert.equal(made(), before)
    clock.ms += 1
  }
  proxy.answer = { status: 200, body: '{}' }
  await settled()
  proxy.answer = { status: 503, body: '' }
  await settled()
  clock.ms += 50
  await settled()
  t.assert.deepEqual({ ...push.counts }, { taken: 1, refused: 11, failed: 0 })
})

test('what the proxy says is told once, until it says something else', async (t: TestContext) => {
  const proxy = new StubProxy()
  const { clock, lines, settled } = await pushing(t, { url: await proxy.start(t) })
  const answers = [
    { status: 401, body: '{"error":"a bearer token\\nis needed"}' },
    { status: 401, body: '{"error":"a bearer token\\nis needed"}' },
    { status: 200, body: '{"taken":1}' },
    { status: 200, body: '{"taken":1}' },
    { status: 200, body: '{"taken":1,"unknown":["geth-3"]}' },
    { status: 502, body: '<html>' },
    { status: 200, body: 'null' },
  ]
  for (const answer of answers) {
    proxy.answer = answer
    await settled()
    clock.ms += 10_000
  }
  t.assert.deepEqual(lines, [
    'HTTP 401: a bearer token is needed',
    'reports are taken',
    'reports are taken, but it has no geth-3',
    'HTTP 502',
    'reports are taken',
  ])
})

test('an answer without an end, and none at all, are failures like any other', async (t: TestContext) => {
  const proxy = new StubProxy()
  proxy.answer = { status: 200, body: 'x'.repeat(100_000) }
  const { push, clock, lines, settled } = await pushing(t, { url: await proxy.start(t) })
  await settled()
  t.assert.deepEqual(lines, ['an answer without an end'])
  const nobody = await pushing(t, { url: new URL('http://127.0.0.1:9/') })
  await nobody.settled()
  t.assert.match(nobody.lines.join(), /ECONNREFUSED/)
  t.assert.equal(nobody.push.counts.failed, 1)
  proxy.answer = { status: 200, body: '{}' }
  clock.ms += 10_000
  await settled()
  t.assert.equal(push.isUp, true)
})

test('a proxy that asks for a certificate is shown one, and must show one itself', async (t: TestContext) => {
  const authority = new Authority(t)
  const foreign = new Authority(t, 'foreign')
  const { ca } = authority
  const proxy = new StubProxy({ ...authority.sign('proxy'), ca })
  const url = await proxy.start(t)
  const known = await pushing(t, { url, tls: { ...authority.sign('agent'), ca } })
  await known.settled()
  t.assert.equal(known.push.isUp, true)
  for (const tls of [
    { ca },
    { ...foreign.sign('x'), ca },
    { ...authority.sign('y'), ca: foreign.ca },
  ]) {
    const { push, settled } = await pushing(t, { url, tls })
    await settled()
    t.assert.deepEqual({ ...push.counts }, { taken: 0, refused: 0, failed: 1 })
  }
  t.assert.deepEqual(proxy.bodies, ['1'])
})

test('closing ends what is under way, and nothing is sent after it', async (t: TestContext) => {
  const proxy = new StubProxy()
  proxy.answer = null
  const { push } = await pushing(t, { url: await proxy.start(t) })
  const arrival = proxy.arrival()
  push.offer()
  await arrival
  await push.close()
  push.offer()
  t.assert.deepEqual(proxy.bodies, ['1'])
  t.assert.deepEqual({ ...push.counts }, { taken: 0, refused: 0, failed: 0 })
})
