/**
 * What choosing a node costs: pick, dispatch and settle of `state-space` through the dispatcher, a
 * quarter of the calls heavy ones with room everywhere, with `least-connection` beside it, at a steady
 * number of calls in flight: CPU time, so that a busy machine changes little.
 * Run with `npm run bench:pick`.
 */
import { strategies } from '../balance/strategies.ts'
import { defaultChoice } from '../balance/strategy-choice.ts'
import { systemClock } from '../clock.ts'
import { seededRng } from '../rng.ts'
import { methods } from '../rpc/methods.ts'
import { Dispatcher, dispatcherDefaults } from '../schedule/dispatcher.ts'
import { Costs } from '../state/costs.ts'

const callsInFlight = 4
const rounds = 9
const roundMs = 100

for (const name of ['least-connection', 'state-space'] as const) {
  for (const nodes of [4, 8, 32]) {
    const { us, bytes } = measured(name, nodes)
    process.stdout.write(
      `${name.padEnd(17)} ${String(nodes).padStart(2)} nodes × ${callsInFlight} calls  ` +
        `${us.toFixed(2).padStart(6)} µs  ${bytes.toFixed(1).padStart(6)} B a call\n`,
    )
  }
}

/** Microseconds a call, as the median of the rounds, and bytes of heap a call over all of them. */
function measured(name: 'least-connection' | 'state-space', nodes: number) {
  const costs = new Costs()
  const rng = seededRng(1)
  const { meter: meterOf } = strategies[name]
  const works = ['eth_chainId', 'eth_getBalance', 'eth_call', 'eth_getLogs'].map((method) => {
    const rule = methods.get(method)
    if (rule === undefined) throw new Error(`no ${method}`)
    return costs.of(method, rule)
  })
  const fleet = Array.from({ length: nodes }, (_, i) => {
    const meter = meterOf({ clock: systemClock, cores: null, observer: 'auto', costs })
    meter.report(reportOf(i, 0), 1e12)
    return { meter, inFlight: 0, capacityCores: 0.5 + i / 8 }
  })
  // What a call that waits costs is another matter: here none does.
  const options = { ...dispatcherDefaults, room: 1e9 }
  const choice = { ...defaultChoice, name }
  const dispatcher = new Dispatcher<(typeof fleet)[number]>(choice, options, systemClock, rng)
  const inFlight = fleet.length * callsInFlight
  const chosen = Array.from({ length: inFlight }, () => fleet[0] ?? nobody())
  const tickets = new Int32Array(inFlight)
  const taken = new Float64Array(inFlight)
  const sent = Array.from({ length: inFlight }, (_, i) => works[i % works.length] ?? noWork())
  const place = (slot: number): void => {
    const work = sent[slot] ?? noWork()
    const node = dispatcher.pick(work, fleet) ?? fleet[slot % fleet.length] ?? nobody()
    chosen[slot] = node
    taken[slot] = dispatcher.sent(node, work)
    tickets[slot] = node.meter.start(work)
    node.inFlight += 1
  }
  for (let slot = 0; slot < inFlight; slot++) place(slot)
  const turn = (calls: number): void => {
    for (let i = 0; i < calls; i++) {
      const slot = i % inFlight
      const node = chosen[slot] ?? nobody()
      node.meter.settle(tickets[slot] ?? 0, sent[slot] ?? noWork(), 1, false)
      node.inFlight -= 1
      dispatcher.ended(node, taken[slot] ?? 0)
      place(slot)
    }
  }
  const reported = (atMs: number): void => {
    for (const [i, { meter }] of fleet.entries()) meter.report(reportOf(i, atMs), 1e12 + atMs)
  }
  turn(50_000)
  const times: number[] = []
  for (let round = 0; round < rounds; round++) {
    reported(250 * (round + 1))
    const from = performance.now()
    const cpuBefore = process.cpuUsage()
    let done = 0
    for (; performance.now() - from < roundMs; done += 5_000) turn(5_000)
    const { user, system } = process.cpuUsage(cpuBefore)
    times.push((user + system) / done)
  }
  const turns = 200
  let heap = 0
  for (let i = 0; i < turns; i++) {
    const before = process.memoryUsage().heapUsed
    turn(5_000)
    // A collection makes it shrink.
    heap += Math.max(0, process.memoryUsage().heapUsed - before)
  }
  const bytes = heap / (turns * 5_000)
  return { us: times.sort((a, b) => a - b)[rounds >> 1] ?? 0, bytes }
}

function reportOf(node: number, atMs: number) {
  const cpus = 0.5 + node / 8
  return {
    id: String(node),
    name: String(node),
    x: { cpu: 0.5, cpu_pressure: 0.1 },
    cap: { cpus },
    raw: {
      at_ms: atMs,
      cpu_usage_s: (cpus * atMs) / 2000,
      quota_s: cpus / 10,
      period_s: 0.1,
      period_start_ms: 1e12 + node,
    },
    src: 'bench',
    age: 0,
  }
}

function noWork(): never {
  throw new RangeError('no work')
}

function nobody(): never {
  throw new RangeError('no node')
}
