import { type TestContext, test } from 'node:test'
import { type NodeReport, parseReport, reportVersion } from '../../agents/report.ts'
import { randomStream } from '../load/random.ts'
import { Agenda } from './agenda.ts'
import { type AgentOptions, SimulatedAgent, soundAgents } from './simulated-agent.ts'
import { type NodeOptions, SimulatedNode } from './simulated-node.ts'
import { studyNode } from './study-clusters.ts'

const quotaNode: NodeOptions = {
  ...studyNode,
  cores: 0.5,
  model: { kind: 'sliced', threads: 2, sliceMs: 10 },
}

test('what it says is what a real agent may say', (t: TestContext) => {
  const said = reports({})
  t.assert.ok(said.length >= 38 && said.length <= 42, `${said.length} in 10 s`)
  const line = { v: reportVersion, host: 'h', seq: 0, t: 0, interval: 250 }
  for (const { report } of said) {
    t.assert.deepEqual(parseReport({ ...line, nodes: [report] }).nodes[0], report)
  }
})

test('counters only grow, whatever noise is on them', (t: TestContext) => {
  const said = reports({ noise: 0.5 })
  for (const [i, { report }] of said.slice(1).entries()) {
    const before = said[i]?.report.raw
    for (const [name, value] of Object.entries(report.raw)) {
      const last = Object.entries(before ?? {}).find(([key]) => key === name)?.[1] ?? 0
      if (name !== 'cpu_cores') t.assert.ok(value >= last, `${name} from ${last} to ${value}`)
    }
  }
})

test('a busy node under a quota shows its quota, its use, its stalls and its phase', (t: TestContext) => {
  const last = reports({ noise: 0 }).at(-1)
  const raw = last?.report.raw ?? {}
  t.assert.equal(raw.quota_s, 0.05)
  t.assert.equal(raw.period_s, 0.1)
  t.assert.ok(Math.abs((raw.cpu_usage_s ?? 0) - 5) < 0.3, String(raw.cpu_usage_s))
  t.assert.ok((raw.nr_throttled ?? 0) > 90 && (raw.nr_throttled ?? 0) <= (raw.nr_periods ?? 0))
  t.assert.ok((last?.report.x.cpu_pressure ?? 0) > 0.4)
  // Two threads use 50 ms of quota in 25 ms and stand still for 75.
  t.assert.ok(Math.abs((raw.throttled_s ?? 0) / (raw.at_ms ?? 1) - 0.75e-3) < 0.05e-3)
  const startedMs = ((last?.sentWallMs ?? 0) - (raw.period_start_ms ?? 0)) % 100
  t.assert.ok(startedMs >= 0)
})

test('a frozen agent says one reading over and over, a silent one nothing, a liar that all is idle', (t: TestContext) => {
  const faulty = { faulty: 1, faultAtMs: 5_000 }
  const frozen = reports({ ...faulty, fault: 'frozen' }).slice(-10)
  t.assert.equal(new Set(frozen.map(({ report }) => report.raw.at_ms)).size, 1)
  const silent = reports({ ...faulty, fault: 'silent' })
  t.assert.ok(silent.every(({ atMs }) => atMs < 5_100) && silent.length > 15)
  const lying = reports({ ...faulty, fault: 'idle' }).at(-1)?.report.x
  t.assert.ok((lying?.cpu ?? 1) < 0.1 && lying?.cpu_pressure === 0, JSON.stringify(lying))
})

test('reports come late, and some not at all', (t: TestContext) => {
  const lossy = reports({ loss: 0.5 })
  t.assert.ok(lossy.length > 8 && lossy.length < 32, String(lossy.length))
  const late = reports({ delayMs: 200, jitterMs: 300, noise: 0 })
  const delays = late.map(({ atMs, report }) => atMs - (report.raw.at_ms ?? 0))
  t.assert.ok(Math.min(...delays) >= 200)
})

type Said = { readonly atMs: number; readonly report: NodeReport; readonly sentWallMs: number }

/** What the agent of a node says in ten seconds in which there is always something to do. */
function reports(but: Partial<AgentOptions>): readonly Said[] {
  const agenda = new Agenda()
  const said: Said[] = []
  const node = new SimulatedNode(quotaNode, 0.3, agenda, null, new Float64Array(0), () => {})
  for (let call = 0; call < 4; call += 1) node.begin(call, 100_000)
  const options = { ...soundAgents, ...but }
  new SimulatedAgent(0, node, options, agenda, randomStream(1, 'agent'), (_, report, sentWallMs) =>
    said.push({ atMs: agenda.nowMs, report, sentWallMs }),
  )
  while (agenda.step(10_000));
  return said
}
