import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Latencies } from '../measure/latencies.ts'
import { poissonArrivals } from './arrivals.ts'
import type { OpenLoopResult } from './book.ts'
import { LargeAnswers } from './large-answers.ts'
import { OpenLoop, type OpenLoopOptions } from './open-loop.ts'
import { randomStream } from './random.ts'
import type { ClassTally } from './tally.ts'

type Answering = (id: number, response: ServerResponse) => void

const good: Answering = (id, response) => {
  response.end(JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' }))
}

test('a server that stands still for a second is charged for all who waited', async (t: TestContext) => {
  const arrivalsMs = poissonArrivals(200, 2000, randomStream(1, 'arrivals'))
  const frozenAt = 60
  let thaw: (() => void)[] | null = null
  const url = await serving(t, (id, response) => {
    if (id === frozenAt) {
      const held: (() => void)[] = []
      thaw = held
      setTimeout(() => {
        thaw = null
        for (const answer of held) answer()
      }, 1000)
    }
    if (thaw === null) good(id, response)
    else thaw.push(() => good(id, response))
  })
  const result = await loaded({ url, arrivalsMs, durationMs: 2000 })
  const all = onlyClass(result)
  t.assert.equal(all.succeeded, arrivalsMs.length)

  // Who was to start in the first half of the freeze has waited for the whole second half.
  const startMs = arrivalsMs[frozenAt] ?? 0
  const waited = arrivalsMs.filter((atMs) => atMs >= startMs && atMs < startMs + 500).length
  const latencies = Latencies.decode(all.histogram, all.meanMs)
  const percent = 100 * (1 - waited / arrivalsMs.length)
  t.assert.ok(waited > 50, 'a tester that waits for each answer would have seen one such call')
  t.assert.ok(latencies.percentileMs(percent + 1) >= 500 * 0.999)
  t.assert.ok(latencies.percentileMs(99.9) >= 950)
})

test('calls above the bound in flight fail and slow no other', async (t: TestContext) => {
  const held: (() => void)[] = []
  let drawn = 0
  // Answered only once all five have come due, so that the bound is reached on any machine.
  const release = () => {
    if (drawn === 5 && held.length === 3) for (const answer of held) answer()
  }
  const url = await serving(t, (id, response) => {
    held.push(() => good(id, response))
    release()
  })
  const nextCall = () => {
    drawn += 1
    release()
    return { kind: 0, method: 'eth_chainId', params: [] }
  }
  const arrivalsMs = Float64Array.from([0, 0.1, 0.2, 0.3, 0.4])
  const all = onlyClass(await loaded({ url, arrivalsMs, nextCall, maxInFlight: 3, durationMs: 1 }))
  t.assert.deepEqual([all.sent, all.succeeded], [5, 3])
  t.assert.deepEqual(all.failures, { overflow: 2 })
})

test('calls due in the warm-up are made and not counted', async (t: TestContext) => {
  let answered = 0
  const url = await serving(t, (id, response) => {
    answered += 1
    good(id, response)
  })
  const phases: string[] = []
  const result = await loaded({
    url,
    arrivalsMs: Float64Array.from([0, 1, 2, 40, 41]),
    warmupMs: 30,
    durationMs: 20,
    onWindow: (phase) => phases.push(phase),
  })
  t.assert.equal(answered, 5)
  t.assert.equal(onlyClass(result).sent, 2)
  t.assert.deepEqual(phases, ['begin', 'end'])
})

test('each kind of failure is counted as what it is, with an example', async (t: TestContext) => {
  const url = await serving(t, (id, response) => {
    if (id === 0) response.writeHead(503).end('busy')
    else if (id === 1) response.end('{"jsonrpc":"2.0","id":99,"result":1}')
    else if (id === 2) response.destroy()
    else if (id === 3) response.write('{"jsonrpc":')
    else good(id, response)
  })
  const result = await loaded({
    url,
    arrivalsMs: Float64Array.from([0, 1, 2, 3, 4]),
    durationMs: 5,
    timeoutMs: 300,
  })
  const all = onlyClass(result)
  t.assert.deepEqual(all.failures, { http: 1, 'wrong-id': 1, socket: 1, timeout: 1 })
  t.assert.equal(all.succeeded, 1)
  t.assert.ok(result.examples.includes('http: 503 busy'))
})

test('a large answer is judged as a small one is, and counts when its last byte came', async (t: TestContext) => {
  const large = 'ab'.repeat(100_000)
  const answers = [
    (id: number) => ({ jsonrpc: '2.0', id, result: large }),
    (id: number) => ({ jsonrpc: '2.0', id: id + 1, result: large }),
    (id: number) => ({ jsonrpc: '2.0', id, error: { code: 1, message: large } }),
  ]
  const url = await serving(t, (id, response) => {
    const text = JSON.stringify(answers[id]?.(id) ?? {})
    // The last one is cut short.
    response.end(
      id === 3 ? JSON.stringify({ jsonrpc: '2.0', id, result: large }).slice(0, -2) : text,
    )
  })
  const arrivalsMs = Float64Array.from([0, 1, 2, 3])
  const thread = new LargeAnswers()
  t.after(() => thread.close())
  for (const large of [{}, { large: thread }]) {
    const result = await loaded({ url, arrivalsMs, ...large })
    const all = onlyClass(result)
    t.assert.equal(all.succeeded, 1)
    t.assert.deepEqual(all.failures, { 'wrong-id': 1, 'rpc-error': 1, malformed: 1 })
    t.assert.ok(result.examples.every((text) => text.length < 300))
  }
})

test('a port where nobody listens fails each call and ends', async (t: TestContext) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  const arrivalsMs = Float64Array.from([0, 1])
  const url = `http://127.0.0.1:${port}`
  const all = onlyClass(await loaded({ url, arrivalsMs, durationMs: 2 }))
  t.assert.deepEqual(all.failures, { socket: 2 })
})

test('an aborted load ends at once with the reason', async (t: TestContext) => {
  const stop = new AbortController()
  const url = await serving(t, () => stop.abort(new Error('enough')))
  const arrivalsMs = Float64Array.from([0, 60_000])
  await t.assert.rejects(loaded({ url, arrivalsMs, durationMs: 60_000, signal: stop.signal }), {
    message: 'enough',
  })
})

test('arguments stay with their arrivals when calls are refused', async (t: TestContext) => {
  const seen = new Map<number, string>()
  const url = await serving(t, (id, response, method) => {
    seen.set(id, method)
    good(id, response)
  })
  let drawn = 0
  const arrivalsMs = Float64Array.from([0, 0.01, 0.02, 60])
  const nextCall = () => ({ kind: 0, method: `call_${drawn++}`, params: [] })
  await loaded({ url, arrivalsMs, nextCall, maxInFlight: 1, durationMs: 80 })
  t.assert.equal(drawn, 4)
  t.assert.ok(seen.size > 0 && seen.size < 4)
  for (const [id, method] of seen) t.assert.equal(method, `call_${id}`)
})

async function loaded(
  options: Partial<OpenLoopOptions> & { url: string },
): Promise<OpenLoopResult> {
  return await new OpenLoop({
    arrivalsMs: new Float64Array(),
    nextCall: () => ({ kind: 0, method: 'eth_chainId', params: [] }),
    classes: ['light'],
    warmupMs: 0,
    durationMs: 1000,
    maxInFlight: 1000,
    timeoutMs: 10_000,
    idleMs: [],
    onWindow: () => {},
    signal: new AbortController().signal,
    ...options,
  }).run()
}

function onlyClass(result: OpenLoopResult): ClassTally {
  const [tally] = Object.values(result.classes)
  if (tally === undefined) throw new Error('no class')
  return tally
}

async function serving(
  t: TestContext,
  answer: (id: number, response: ServerResponse, method: string) => void,
): Promise<string> {
  const server = createServer((request: IncomingMessage, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const call = JSON.parse(Buffer.concat(chunks).toString()) as { id: number; method: string }
      answer(call.id, response, call.method)
    })
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
