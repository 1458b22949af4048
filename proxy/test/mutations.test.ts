import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { WebSocketServer } from 'ws'
import type { FleetSnapshot } from '../admin/snapshot.ts'
import { formCount, taggedMessages } from './recorded-messages.ts'
import { overHttp, overIpc, overWebSocket, type WayIn } from './ways-in.ts'
import { wiredProxy } from './wired-proxy.ts'

/** Messages in all: few by default, 100,000 to be sure. */
const messages = Number(process.env['HOSTILE_RUNS'] ?? 4_000)
const seed = Number(process.env['HOSTILE_SEED'] ?? Date.now() % 2 ** 31)

/** So many clients speak at the same time. */
const atOnce = 8

/** A client is not left without an answer or an end for so long. */
const patienceMs = 20_000

const maxGrowthBytes = 16_000_000

const forms = taggedMessages()

/** Mostly ours, so that what can meet often does. */
const anyForm = fc.oneof(
  { weight: 3, arbitrary: fc.nat(formCount - 1) },
  { weight: 1, arbitrary: fc.nat(forms.length - 1) },
)

/** Something done to a message. Places are taken modulo its length. */
const change = fc.record({
  kind: fc.constantFrom('flip', 'insert', 'remove', 'repeat', 'cut', 'graft'),
  at: fc.nat(100_000),
  length: fc.integer({ min: 1, max: 40 }),
  byte: fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...Buffer.from('{}[]",:\\0e'))),
  form: anyForm,
})
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never

const mutation = fc.record({
  way: fc.nat(3),
  form: anyForm,
  changes: fc.array(change, { maxLength: 4 }),
})
type Mutation = typeof mutation extends fc.Arbitrary<infer Value> ? Value : never

test('whatever is done to messages, each client hears of its own alone, and nothing is left behind', async (t: TestContext) => {
  t.diagnostic(`seed ${seed}, ${messages} messages`)
  const site = await serving(t)
  const heaps: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const volleys = fc.array(mutation, { minLength: atOnce, maxLength: atOnce })
    await fc.assert(
      fc.asyncProperty(volleys, async (volley) => {
        await Promise.all(volley.map((each) => site.say(each)))
      }),
      { seed: seed + round, numRuns: Math.ceil(messages / atOnce / 5) },
    )
    heaps.push(heapUsed())
  }
  const [, first = 0] = heaps
  const grown = (heaps.at(-1) ?? 0) - first
  t.diagnostic(`the heap grew by ${Math.round(grown / 1e3)} KB`)
  t.assert.ok(grown < maxGrowthBytes, heaps.join())
  t.assert.deepEqual(site.defects, [])
  t.assert.deepEqual(await site.inFlight(), [0])
})

async function serving(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'equipoise-mutations-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const ipcpath = join(folder, 'it.ipc')
  const defects: unknown[] = []
  const log = { info() {}, warn() {}, error: (details: object) => defects.push(details) }
  const node = { name: 'echo', url: await echoNode(t) }
  const { port, adminUrl } = await wiredProxy(t, [node], { ipcpath }, log)
  const ways: readonly WayIn[] = [
    overHttp(port),
    overWebSocket(port),
    overIpc(ipcpath),
    overBareHttp(port),
  ]
  let said = 0
  return {
    defects,
    async say({ way, form, changes }: Mutation): Promise<void> {
      said += 1
      const tag = `q${String(said).padStart(8, '0')}`
      const wayIn = ways[way]
      const text = forms[form]?.(tag)
      if (wayIn === undefined || text === undefined) throw new RangeError('no such way or form')
      const whole = way === 3 ? asRequest(text) : text
      const bytes = changes.reduce(changed, Buffer.from(whole, 'latin1'))
      const { answers } = await withPatience(wayIn(bytes))
      const own = bytes.toString('latin1')
      for (const foreign of answers.join().match(/q\d{8}/g) ?? []) {
        if (!own.includes(foreign)) throw new Error(`${foreign} was told to ${tag}`)
      }
    },
    async inFlight(): Promise<number[]> {
      const { nodes } = (await (await fetch(`${adminUrl}/api/fleet`)).json()) as FleetSnapshot
      return nodes.map(({ inFlight }) => inFlight)
    },
  }
}

function asRequest(body: string): string {
  const head = 'Host: localhost\r\nContent-Type: application/json\r\nConnection: keep-alive\r\n'
  return `POST / HTTP/1.1\r\n${head}Content-Length: ${Buffer.byteLength(body, 'latin1')}\r\n\r\n${body}`
}

function changed(bytes: Buffer, { kind, at, length, byte, form }: Change): Buffer {
  const place = at % (bytes.length + 1)
  const before = bytes.subarray(0, place)
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.from([byte]), bytes.subarray(place + 1)])
    case 'insert':
      return Buffer.concat([before, Buffer.alloc(length, byte), bytes.subarray(place)])
    case 'remove':
      return Buffer.concat([before, bytes.subarray(place + length)])
    case 'repeat':
      return Buffer.concat([bytes.subarray(0, place + length), bytes.subarray(place)])
    case 'cut':
      return before
    case 'graft':
      return Buffer.concat([before, Buffer.from(forms[form]?.('grafted') ?? '').subarray(length)])
  }
}

/** Bytes that are the whole request, head and all; then the client ends its side. */
function overBareHttp(port: number): WayIn {
  return async (message) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const parts: Buffer[] = []
    socket.on('data', (part) => parts.push(part))
    socket.on('error', () => {})
    socket.once('end', () => socket.destroy())
    socket.end(message)
    await new Promise((resolve) => socket.once('close', resolve))
    return { answers: [Buffer.concat(parts).toString('latin1')], ended: true }
  }
}

type Call = { readonly id: number; readonly method: string; readonly params?: unknown }

/**
 * A node that answers each call with its params, and at each tells every subscriber the params that
 * it subscribed with.
 */
async function echoNode(t: TestContext): Promise<string> {
  const subscribers = new Map<string, () => void>()
  const tellAll = (): void => {
    for (const tell of subscribers.values()) tell()
  }
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    if (!request.complete) return // Whoever asked is gone.
    const asked: unknown = JSON.parse(Buffer.concat(parts).toString())
    const answers = [asked].flat().map((call) => {
      const { id, method, params = null } = call as Call
      const isAsked = method === 'eth_chainId' || method === 'eth_blockNumber'
      return { jsonrpc: '2.0', id, result: isAsked ? '0x1' : params }
    })
    response.end(JSON.stringify(Array.isArray(asked) ? answers : answers[0]))
    tellAll()
  })
  const sockets = new WebSocketServer({ server })
  let ids = 0
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { id, method, params: result = null }: Call = JSON.parse(String(data))
      ids += 1
      const subscription = `0x${ids.toString(16)}`
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, result: subscription }))
      const told = { method: 'eth_subscription', params: { subscription, result } }
      const [ended] = Array.isArray(result) ? result : []
      if (method.endsWith('_unsubscribe')) subscribers.delete(String(ended))
      else subscribers.set(subscription, () => socket.send(JSON.stringify(told)))
      tellAll()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function withPatience<Value>(promise: Promise<Value>): Promise<Value> {
  const { promise: over, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`nothing for ${patienceMs} ms`)), patienceMs)
  try {
    return await Promise.race([promise, over])
  } finally {
    clearTimeout(timer)
  }
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('gc')
  if (typeof collect === 'function') collect()
  return process.memoryUsage().heapUsed
}
