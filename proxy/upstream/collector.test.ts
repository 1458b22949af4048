import { type TestContext, test } from 'node:test'
import type { NodeReport } from '../../agents/report.ts'
import { Collector } from './collector.ts'
import { type StubAgent, stubAgent } from './test/stub-agent.ts'
import { ListeningMeter, testClock, testUpstream } from './test/test-upstream.ts'
import type { Upstream } from './upstream.ts'

test('a report reaches the upstream that it names, by id or by name', async (t: TestContext) => {
  const { agent, a, meterOfA, collector, clock } = await collecting(t)
  clock.ms = 1_000
  const reported = meterOfA.reported()
  agent.report(1, [reportOf('somebody'), reportOf('0123abcd', { name: 'a', age: 40 })])
  t.assert.equal((await reported).id, '0123abcd')
  t.assert.equal(a.lastReport?.x.cpu, 0.5)
  t.assert.equal(a.reportedAtMs, 960)
  t.assert.deepEqual(a.capacity, { cpus: 2 })
  t.assert.deepEqual([collector.up, collector.reports, collector.host], [true, 1, 'stub'])
  clock.ms = 1_300
  t.assert.equal(collector.reportAgeMs, 300)
})

test('one agent speaks for many nodes, and for others not at all', async (t: TestContext) => {
  const { agent, b, meterOfA } = await collecting(t)
  const reported = meterOfA.reported()
  agent.report(1, [reportOf('b', { x: { cpu: 0.1 } }), reportOf('a')])
  await reported
  t.assert.equal(b.lastReport?.x.cpu, 0.1)
  const again = meterOfA.reported()
  agent.report(2, [reportOf('a')])
  await again
  t.assert.equal(b.lastReport?.x.cpu, 0.1)
})

test('a line may come in pieces, and several in one', async (t: TestContext) => {
  const { agent, meterOfA, collector } = await collecting(t)
  const line = JSON.stringify({
    v: 1,
    host: 'stüb',
    seq: 1,
    t: 0,
    interval: 250,
    nodes: [reportOf('a')],
  })
  const reported = meterOfA.reported()
  const half = line.indexOf('b"') - 1
  agent.say(line.slice(0, half))
  agent.say(`${line.slice(half)}\n\n${line.replace('"seq":1', '"seq":2')}\n`)
  await reported
  if (collector.reports < 2) await meterOfA.reported()
  t.assert.deepEqual([collector.reports, collector.refused, collector.host], [2, 0, 'stüb'])
})

test('lines that are no report are counted and passed over', async (t: TestContext) => {
  const { agent, a, meterOfA, collector } = await collecting(t)
  const reported = meterOfA.reported()
  agent.say('no JSON\n')
  agent.say('{"v":2}\n')
  agent.report(1, [reportOf('a', { x: { cpu: 1.5 } })])
  agent.report(1, [reportOf('a', { x: { cpu: -0.1 } })])
  agent.say(
    `{"v":1,"host":"h","seq":1,"t":0,"interval":250,"nodes":[{"id":"a","x":{"cpu":1e999}}]}\n`,
  )
  agent.report(2, [reportOf('a', { x: { cpu: 0.25 } })])
  await reported
  t.assert.deepEqual([collector.reports, collector.refused], [1, 5])
  t.assert.match(collector.lastProblem ?? '', /nodes\[0\]/)
  t.assert.equal(a.lastReport?.x.cpu, 0.25)
})

test('lines that were lost are counted, and a step back is an agent that began anew', async (t: TestContext) => {
  const { agent, meterOfA, collector } = await collecting(t)
  const gaps: number[] = []
  for (const seq of [7, 8, 11, 0, 1, 2]) {
    const reported = meterOfA.reported()
    agent.report(seq, [reportOf('a')])
    await reported
    gaps.push(collector.gaps)
  }
  t.assert.deepEqual(gaps, [0, 0, 2, 2, 2, 2])
})

test('a stream that ends is dialled again, and what was said stays', async (t: TestContext) => {
  const { agent, a, meterOfA, collector } = await collecting(t)
  const reported = meterOfA.reported()
  agent.report(1, [reportOf('a')])
  await reported
  const dialled = agent.dialled()
  agent.end()
  await dialled
  t.assert.equal(a.lastReport?.x.cpu, 0.5)
  const again = meterOfA.reported()
  agent.report(2, [reportOf('a', { x: { cpu: 0.75 } })])
  await again
  t.assert.deepEqual([collector.up, collector.gaps, collector.reports], [true, 0, 2])
})

test('an agent that refuses is dialled again, and is not up', async (t: TestContext) => {
  const agent = await stubAgent(t)
  agent.status = 401
  const { collector } = await collectingFrom(t, agent)
  await agent.dialled()
  t.assert.equal(collector.up, false)
  t.assert.match(collector.lastProblem ?? '', /HTTP 401/)
  t.assert.equal(collector.reportAgeMs, null)
})

test('a stream that falls silent is dialled again', async (t: TestContext) => {
  const agent = await stubAgent(t)
  const { collector } = await collectingFrom(t, agent, { silenceMs: 20 })
  await agent.dialled()
  t.assert.match(collector.lastProblem ?? '', /said nothing for 20 ms/)
})

test('an agent that reports rarely is not taken for silent', async (t: TestContext) => {
  const agent = await stubAgent(t)
  const { collector, meterOfA } = await collectingFrom(t, agent, { silenceMs: 20 })
  const reported = meterOfA.reported()
  agent.report(1, [reportOf('a')], { interval: 60_000 })
  await reported
  const { dials } = agent
  // Meanwhile one that never says how often it speaks is given up again and again.
  const silent = await stubAgent(t)
  await collectingFrom(t, silent, { silenceMs: 20 })
  while (silent.dials < 8) await silent.dialled()
  t.assert.deepEqual([agent.dials, collector.up], [dials, true])
})

test('a line without an end is cut off', async (t: TestContext) => {
  const { agent, collector } = await collecting(t)
  const dialled = agent.dialled()
  agent.say('x'.repeat(1_100_000))
  await dialled
  t.assert.match(collector.lastProblem ?? '', /a line without an end/)
})

test('the token is shown to the agent, below the path of its address', async (t: TestContext) => {
  const agent = await stubAgent(t)
  const dialled = agent.dialled()
  await collectingFrom(t, agent, { token: 'secret', path: '/agents/7/' })
  const { url, headers, method } = await dialled
  t.assert.deepEqual(
    [method, url, headers.authorization],
    ['GET', '/agents/7/v1/stream', 'Bearer secret'],
  )
})

test('each dial shows what the credentials are then, and none is made without them', async (t: TestContext) => {
  const agent = await stubAgent(t)
  const shown = ['one', null, 'two']
  const turns: (string | null)[] = []
  const credentials = () => {
    const token = shown.shift()
    if (token === null) throw new Error('the token cannot be read')
    return { token: token ?? 'two', tls: {} }
  }
  const onTurn = (problem: string | null): void => void turns.push(problem)
  const options = { url: agent.url, upstreams: [], credentials, onTurn }
  const collector = new Collector(options, testClock(), () => 0)
  t.after(() => collector.close())
  const first = agent.dialled()
  collector.start()
  t.assert.equal((await first).headers.authorization, 'Bearer one')
  await t.waitFor(() => t.assert.deepEqual(turns, [null]), { timeout: 20_000 })
  const second = agent.dialled()
  agent.end()
  t.assert.equal((await second).headers.authorization, 'Bearer two')
  await t.waitFor(
    () => {
      t.assert.deepEqual(turns, [
        null,
        'the agent ended its stream',
        'the token cannot be read',
        null,
      ])
    },
    { timeout: 20_000 },
  )
})

test('without a token none is shown', async (t: TestContext) => {
  const agent = await stubAgent(t)
  const dialled = agent.dialled()
  await collectingFrom(t, agent)
  t.assert.equal((await dialled).headers.authorization, undefined)
})

test('a node that is gone is told as gone', async (t: TestContext) => {
  const { agent, a, meterOfA } = await collecting(t)
  const reported = meterOfA.reported()
  agent.report(1, [reportOf('a', { gone: true, x: {}, cap: {} })])
  t.assert.equal((await reported).gone, true)
  t.assert.equal(a.capacity, null)
})

async function collecting(t: TestContext) {
  const agent = await stubAgent(t)
  return { agent, ...(await collectingFrom(t, agent)) }
}

async function collectingFrom(
  t: TestContext,
  agent: StubAgent,
  { token = null, path = '/', silenceMs = 5_000 }: Partial<typeof how> = {},
) {
  const clock = testClock()
  const [a, b]: Upstream[] = ['a', 'b'].map((id) => testUpstream(id, clock))
  if (a === undefined || b === undefined) throw new Error('want two nodes')
  const meterOfA = new ListeningMeter()
  a.meter = meterOfA
  const url = new URL(path, agent.url)
  const credentials = () => ({ token, tls: {} })
  const options = { url, credentials, silenceMs, upstreams: [a, b] }
  const collector = new Collector(options, clock, () => 0)
  t.after(() => collector.close())
  const dialled = agent.dialled()
  collector.start()
  await dialled
  return { collector, clock, a, b, meterOfA }
}

const how: { readonly token: string | null; readonly path: string; readonly silenceMs: number } = {
  token: null,
  path: '/',
  silenceMs: 5_000,
}

function reportOf(id: string, but: Partial<NodeReport> = {}): NodeReport {
  return { id, name: id, x: { cpu: 0.5 }, cap: { cpus: 2 }, raw: {}, src: 'proc', age: 0, ...but }
}
