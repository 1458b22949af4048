import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { type NodeReport, parseReport, ReportError } from '../../agents/report.ts'
import { PredictedState } from '../balance/predicted-state.ts'
import { Costs } from '../state/costs.ts'
import { NodeObserver } from '../state/node-observer.ts'
import { cpuWork } from '../state/work.ts'
import { Collector } from './collector.ts'
import { takeReport } from './report-intake.ts'
import { stubAgent } from './test/stub-agent.ts'
import { type TestClock, testClock, testUpstream } from './test/test-upstream.ts'
import type { Upstream } from './upstream.ts'

/** Calls of all sizes, by which the belief in a node is looked at. */
const calls = [0.1, 1, 10, 100, 1000].map(cpuWork)

function nodeOf(id: string, clock: TestClock): Upstream {
  const upstream = testUpstream(id, clock, { cores: 1 })
  upstream.meter = new PredictedState(
    new NodeObserver({ cores: 1, choice: 'auto', costs: new Costs() }),
    clock,
  )
  return upstream
}

/** What routing goes by: the cost of each call, and how much is known. */
function believed({ meter }: Upstream) {
  return { costs: calls.map((call) => meter.cost(call)), rung: meter.rung?.() }
}

/** A collector that hears what a test says, for node `a` and a `mark` that tells when all was heard. */
async function hearing(t: TestContext) {
  const agent = await stubAgent(t)
  const clock = testClock()
  const [a, mark] = [nodeOf('a', clock), testUpstream('mark', clock)]
  const heard: (() => void)[] = []
  const options = {
    url: agent.url,
    credentials: () => ({ token: null, tls: {} }),
    upstreams: [a, mark],
    onReport: (upstream: Upstream) => {
      if (upstream === mark) heard.shift()?.()
    },
  }
  const collector = new Collector(options, clock, () => 0)
  t.after(() => collector.close())
  const dialled = agent.dialled()
  collector.start()
  await dialled
  /** Says lines, and waits until the collector has heard them all. */
  const say = async (...lines: readonly string[]): Promise<void> => {
    const done = new Promise<void>((resolve) => heard.push(resolve))
    const last = { v: 1, host: 'h', seq: 0, t: 0, interval: 250, nodes: [reportOf('mark')] }
    agent.say(`${[...lines, JSON.stringify(last)].join('\n')}\n`)
    await done
  }
  return { agent, clock, a, collector, say }
}

function reportOf(id: string, but: Partial<NodeReport> = {}): NodeReport {
  return { id, name: id, x: { cpu: 0.5 }, cap: { cpus: 2 }, raw: {}, src: 'proc', age: 0, ...but }
}

function lineOf(seq: number, node: NodeReport, but: object = {}): string {
  return JSON.stringify({ v: 1, host: 'h', seq, t: 0, interval: 250, nodes: [node], ...but })
}

/** A number as it may stand in a line, sound or not; not all of it is JSON. */
const figure = fc.oneof(
  { weight: 60, arbitrary: fc.double({ min: 0.01, max: 1, noNaN: true }).map(String) },
  fc.constantFrom('0', '1', '0.25'),
  fc.constantFrom('NaN', 'Infinity', '-Infinity', '1e999', '-1e999', '-1', '1e308', '5e-324'),
  fc.constantFrom('null', '"1"', '[]', '{}', 'true', '0x10', ''),
)

const figures = (...names: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...names), figure, { maxKeys: names.length }).map(
    (all) =>
      `{${Object.entries(all)
        .map(([name, text]) => `"${name}":${text}`)
        .join()}}`,
  )

const hostileLine = fc
  .record({
    x: figures('cpu', 'cpu_pressure', 'memory', 'heat'),
    cap: figures('cpus', 'mem'),
    raw: figures('at_ms', 'cpu_usage_s', 'quota_s', 'period_s', 'nr_periods', 'cpu_pressure_s'),
    age: figure,
    seq: figure,
    interval: figure,
  })
  .map(
    ({ x, cap, raw, age, seq, interval }) =>
      `{"v":1,"host":"h","seq":${seq},"t":0,"interval":${interval},"nodes":[{"id":"a","x":${x},"cap":${cap},"raw":${raw},"src":"s","age":${age}}]}`,
  )

/** What a line says of `a` to those who take no line that is not sound. */
function soundNode(line: string): NodeReport | undefined {
  try {
    return parseReport(JSON.parse(line)).nodes[0]
  } catch (error) {
    if (error instanceof ReportError || error instanceof SyntaxError) return undefined
    throw error
  }
}

test('a line that is not sound in every figure changes nothing of what is believed', async (t: TestContext) => {
  const { clock, a, collector, say } = await hearing(t)
  const twin = nodeOf('twin', clock)
  let refused = 0
  for (const line of fc.sample(hostileLine, { numRuns: 400, seed: 11 })) {
    clock.ms += 250
    const node = soundNode(line)
    if (node === undefined) refused += 1
    else takeReport(twin, node, 'pulled', clock.ms, 0)
    await say(line)
    t.assert.deepEqual(believed(a), believed(twin), line)
    t.assert.ok(
      believed(a).costs.every((cost) => cost >= 0 && cost < Infinity),
      line,
    )
    t.assert.deepEqual(a.capacity, twin.capacity)
  }
  t.assert.equal(collector.refused, refused)
  t.assert.ok(refused > 100 && refused < 390, `${refused} of 400 were refused`)
})

test('a report of any age moves routing no further than to what is known without one', async (t: TestContext) => {
  for (const age of [60_000, 1e9, 1e15, 1e308]) {
    const { clock, a, say } = await hearing(t)
    const silent = nodeOf('silent', clock)
    // The capacity does not age: it is told to both, and is what is known without an agent.
    await say(lineOf(1, reportOf('a', { x: { cpu: 1, cpu_pressure: 1 }, cap: {}, age })))
    t.assert.deepEqual(believed(a), believed(silent), `${age} ms`)
  }
})

test('lines of before, played again, change nothing', async (t: TestContext) => {
  const { clock, a, collector, say } = await hearing(t)
  const raw = (atMs: number) => ({ at_ms: atMs, cpu_usage_s: atMs / 2000 })
  const boot = { boot: 1_000 }
  const lines = Array.from({ length: 40 }, (_, i) =>
    lineOf(i + 1, reportOf('a', { raw: raw(250 * i) }), boot),
  )
  for (const line of lines) {
    clock.ms += 250
    await say(line)
  }
  const [belief, report] = [believed(a), a.lastReport]
  const refusedBefore = collector.refused
  // The mark has no boot, so that the run is begun anew with each; a replayer would not say it.
  const last = lines.at(-1) ?? ''
  await say(last, ...lines.slice(0, -1))
  t.assert.equal(collector.refused, refusedBefore + 39)
  t.assert.deepEqual([believed(a), a.lastReport], [belief, report])
})

test('a million dimensions end the stream, and nothing is believed of them', async (t: TestContext) => {
  const { agent, a, clock, collector } = await hearing(t)
  const before = believed(a)
  const dialled = agent.dialled()
  const dimensions = Array.from({ length: 1_000_000 }, (_, i) => `"d${i}":1`).join()
  agent.say(`{"v":1,"host":"h","seq":1,"t":0,"interval":250,"nodes":[{"id":"a","x":{${dimensions}`)
  await dialled
  t.assert.match(collector.lastProblem ?? '', /a line without an end/)
  t.assert.equal(clock.ms, 0)
  t.assert.deepEqual(believed(a), before)
})
