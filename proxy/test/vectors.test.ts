import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Agent, request } from 'undici'
import { WebSocket } from 'ws'
import { type VectorNode, vectorNodes } from './vector-node.ts'
import { loadVectors, type Round, withoutVectors } from './vectors.ts'
import { type WiredProxy, wiredProxy } from './wired-proxy.ts'

const skip = withoutVectors
const vectors = loadVectors()
const rounds = vectors.flatMap((vector) => vector.rounds)

test('the node itself answers every vector, over HTTP and WebSocket', {
  skip,
}, async (t: TestContext) => {
  const [node] = await vectorNodes(t, vectors, 1)
  if (node === undefined) throw new Error('no node')
  const post = poster(t, node.url)
  for (const { request, answer } of rounds) t.assert.equal(await post(request), answer)
  const socket = await webSocket(t, node.url)
  for (const { request, answer } of rounds) t.assert.equal(await socket.ask(request), answer)
  t.assert.deepEqual(node.unknown, [])
})

test('one after another, every vector is answered to the byte', {
  skip,
}, async (t: TestContext) => {
  const { nodes, proxy } = await fleet(t)
  const post = poster(t, proxy.url)
  for (const { request, answer } of rounds) t.assert.equal(await post(request), answer)
  everyNodeServed(t, nodes)
})

test('64 at once with the same id get each its own answer', { skip }, async (t: TestContext) => {
  const { nodes, proxy } = await fleet(t)
  const post = poster(t, proxy.url, 64)
  // The rounds of one file follow one another, as they were recorded; files do not wait.
  const left = [...vectors, ...vectors.filter(({ rounds }) => rounds.every(isRepeatable))]
  const workers = Array.from({ length: 64 }, async () => {
    for (let vector = left.pop(); vector !== undefined; vector = left.pop()) {
      for (const { request, answer } of vector.rounds) {
        t.assert.equal(await post(request), answer, vector.name)
      }
    }
  })
  await Promise.all(workers)
  everyNodeServed(t, nodes)
})

test('in batches of 20 with one id, answers stand in the order of the calls', {
  skip,
}, async (t: TestContext) => {
  const { nodes, proxy } = await fleet(t)
  const post = poster(t, proxy.url)
  for (const batch of batchesOf(20)) t.assert.equal(await post(asked(batch)), answered(batch))
  everyNodeServed(t, nodes)
})

test('over WebSocket every vector is answered to the byte, in turn and at once', {
  skip,
}, async (t: TestContext) => {
  const { nodes, proxy } = await fleet(t)
  await overOneConnection(t, await webSocket(t, proxy.url))
  everyNodeServed(t, nodes)
})

test('over IPC every vector is answered to the byte, in turn and at once', {
  skip,
}, async (t: TestContext) => {
  const folder = await mkdtemp(join(tmpdir(), 'equipoise-vectors-'))
  t.after(() => rm(folder, { recursive: true }))
  const path = join(folder, 'proxy.ipc')
  const { nodes } = await fleet(t, { ipcpath: path })
  await overOneConnection(t, await ipc(t, path))
  everyNodeServed(t, nodes)
})

/** Three nodes with the same vectors and a proxy before them, open for all that they call. */
async function fleet(t: TestContext, more: object = {}) {
  const nodes = await vectorNodes(t, vectors, 3)
  const proxy: WiredProxy = await wiredProxy(t, nodes, {
    http: { api: ['debug', 'eth', 'net', 'txpool'] },
    methods: { allow: ['testing_buildBlockV1'] },
    strategy: 'round-robin',
    ...more,
  })
  return { nodes, proxy }
}

/** Vectors came to each node, and nothing that is not one of them. */
function everyNodeServed(t: TestContext, nodes: readonly VectorNode[]): void {
  for (const { calls, unknown } of nodes) {
    t.assert.deepEqual(unknown, [])
    t.assert.ok(calls > 10, `${calls}`)
  }
}

/** A lasting connection: says a text, and what comes back. */
type Line = {
  readonly say: (text: string) => void
  /** The next text from the other side. */
  readonly hear: () => Promise<string>
  readonly ask: (text: string) => Promise<string>
}

async function overOneConnection(t: TestContext, line: Line): Promise<void> {
  for (const { request, answer } of rounds) t.assert.equal(await line.ask(request), answer)
  const again = rounds.filter(isRepeatable)
  for (const batch of batchesOf(20, again)) {
    t.assert.equal(await line.ask(asked(batch)), answered(batch))
  }
  // All with one id: answers may overtake one another, but each must be there, and as often.
  for (const { request } of again) line.say(request)
  const heard = await Promise.all(again.map(() => line.hear()))
  t.assert.deepEqual(heard.sort(), again.map(({ answer }) => answer).sort())
}

/** A transaction that is sent twice is known the second time, as to Geth. */
function isRepeatable({ request }: Round): boolean {
  return !request.includes('"eth_sendRawTransaction"')
}

function batchesOf(size: number, of: readonly Round[] = rounds): readonly (readonly Round[])[] {
  const starts = Array.from({ length: Math.ceil(of.length / size) }, (_, i) => i * size)
  return starts.map((start) => of.slice(start, start + size))
}

function asked(batch: readonly Round[]): string {
  return `[${batch.map(({ request }) => request).join()}]`
}

function answered(batch: readonly Round[]): string {
  return `[${batch.map(({ answer }) => answer).join()}]`
}

/** Posts bodies over kept connections and gives back those of the answers. */
function poster(t: TestContext, url: string, connections = 1): (body: string) => Promise<string> {
  const dispatcher = new Agent({ connections })
  t.after(() => dispatcher.close())
  return async (body) => {
    const headers = { 'content-type': 'application/json' }
    const response = await request(url, { method: 'POST', headers, body, dispatcher })
    t.assert.equal(response.statusCode, 200)
    t.assert.equal(response.headers['content-type'], 'application/json')
    return await response.body.text()
  }
}

async function webSocket(t: TestContext, url: string): Promise<Line> {
  const socket = new WebSocket(url.replace('http', 'ws'))
  const texts = new Texts()
  socket.on('message', (data: Buffer) => texts.put(data.toString()))
  await once(socket, 'open')
  t.after(() => socket.terminate())
  return texts.lineOf((text) => socket.send(text))
}

/** Each text from the other side ends in a newline and has none in it. */
async function ipc(t: TestContext, path: string): Promise<Line> {
  const socket = createConnection(path)
  const texts = new Texts()
  let rest = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) texts.put(part)
  })
  await once(socket, 'connect')
  t.after(() => socket.destroy())
  return texts.lineOf((text) => socket.write(text))
}

/** Texts in the order in which they came, for those who wait for one. */
class Texts {
  readonly #texts: string[] = []
  readonly #waiting: ((text: string) => void)[] = []

  put(text: string): void {
    const waiting = this.#waiting.shift()
    if (waiting === undefined) this.#texts.push(text)
    else waiting(text)
  }

  lineOf(say: (text: string) => void): Line {
    const hear = async (): Promise<string> => {
      const text = this.#texts.shift()
      if (text !== undefined) return text
      const { promise, resolve } = Promise.withResolvers<string>()
      this.#waiting.push(resolve)
      return await promise
    }
    const ask = async (text: string): Promise<string> => {
      say(text)
      return await hear()
    }
    return { say, hear, ask }
  }
}
