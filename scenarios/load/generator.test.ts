import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { ChainFacts } from '../workloads/chain.ts'
import { generateLoad, generateSaturation, type OpenLoopPlan } from './generator.ts'

const facts: ChainFacts = {
  firstBlock: 1,
  lastBlock: 9,
  accounts: [`0x${'11'.repeat(20)}`],
  transactions: [],
  logBlocks: null,
}

test('equal plans make equal calls in the same order', async (t: TestContext) => {
  const first = await serving(t)
  const second = await serving(t)
  await generateLoad(plan(first.url), { signal: never() })
  await generateLoad(plan(second.url), { signal: never() })
  t.assert.ok(first.calls.size > 20)
  t.assert.deepEqual([...first.calls].sort(), [...second.calls].sort())
})

test('another stream of the same seed makes other calls', async (t: TestContext) => {
  const first = await serving(t)
  const second = await serving(t)
  await generateLoad(plan(first.url), { signal: never() })
  await generateLoad({ ...plan(second.url), stream: 'repeat-1' }, { signal: never() })
  t.assert.notDeepEqual([...first.calls].sort(), [...second.calls].sort())
})

test('the window is told, each class counted, the cost of generating known', async (t: TestContext) => {
  const { url } = await serving(t)
  const phases: string[] = []
  const { result, cpuCores, loopBusy } = await generateLoad(plan(url), {
    signal: never(),
    onWindow: (phase) => phases.push(phase),
  })
  t.assert.deepEqual(phases, ['begin', 'end'])
  t.assert.deepEqual(Object.keys(result.classes), ['light', 'heavy'])
  for (const tally of Object.values(result.classes)) {
    t.assert.ok(tally.sent > 0)
    t.assert.equal(tally.succeeded, tally.sent)
  }
  t.assert.ok(cpuCores > 0 && loopBusy > 0 && loopBusy <= 1)
})

test('a saturated endpoint is asked by as many as there are connections', async (t: TestContext) => {
  const server = await serving(t)
  const { result } = await generateSaturation(
    { ...plan(server.url), kind: 'saturation', connections: 3, durationMs: 1000 },
    { signal: never() },
  )
  t.assert.equal(server.connections(), 3)
  t.assert.ok(result.answersPerSecond > 0)
  t.assert.equal(result.failed, 0)
})

test('an aborted load ends with the reason and leaves no process', async (t: TestContext) => {
  const { url } = await serving(t)
  const stop = new AbortController()
  const load = generateLoad(
    { ...plan(url), durationMs: 600_000 },
    { signal: stop.signal, onWindow: () => stop.abort(new Error('enough')) },
  )
  // It ends only after the process has.
  await t.assert.rejects(load, { message: 'enough' })
})

test('a workload nobody knows is a failure with its name', async (t: TestContext) => {
  const { url } = await serving(t)
  const load = generateLoad({ ...plan(url), workload: 'no-such' }, { signal: never() })
  await t.assert.rejects(load, /no workload no-such/)
})

function plan(url: string): OpenLoopPlan {
  return {
    kind: 'open-loop',
    url,
    workload: 'mixed-reads',
    facts,
    seed: 1,
    stream: 'repeat-0',
    ratePerSecond: 200,
    warmupMs: 50,
    durationMs: 250,
    maxInFlight: 100,
    timeoutMs: 5000,
    idleMs: [],
  }
}

function never(): AbortSignal {
  return new AbortController().signal
}

async function serving(t: TestContext) {
  const calls = new Set<string>()
  let connections = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      calls.add(body)
      const { id } = JSON.parse(body) as { id: number }
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: '0x1' }))
    })
  })
  server.on('connection', () => {
    connections += 1
  })
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, calls, connections: () => connections }
}
