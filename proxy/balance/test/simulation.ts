import type { NodeReport, StatePoint } from '../../../agents/report.ts'
import { type Rng, seededRng } from '../../rng.ts'
import { cpuWork } from '../../state/work.ts'
import type { LoadMeter } from '../meter.ts'
import { type StrategyName, strategies } from '../strategies.ts'

/** What happens: the fleet, the load, and what its agents say. All times are milliseconds. */
export type Scenario = {
  readonly strategy: StrategyName
  /** One number of cores for each node. */
  readonly cores: readonly number[]
  readonly calls: number
  readonly callsPerMs: number
  /** Mean work of a call on one core; exponentially distributed. */
  readonly workMs: number
  /** Between two reports of a node; none are made without it. */
  readonly reportMs?: number
  /** What node `index` says in place of the truth. */
  readonly lie?: (index: number, truth: StatePoint) => StatePoint
  /** Looks at each node when it has been given a call. */
  readonly watch?: (node: SimulatedNode) => void
}

/** One node as it was when all calls had ended. */
export type SimulatedNode = {
  readonly cores: number
  readonly meter: LoadMeter
  /** Calls it was given, in each report interval. */
  readonly callsByInterval: number[]
  calls: number
  active: number
  /** Core-milliseconds used since its last report. */
  busyMs: number
}

/** Runs a scenario to its end, on a clock and with chances of its own: the same for the same seed. */
export function simulate(scenario: Scenario, seed = 12_345): readonly SimulatedNode[] {
  const rng = seededRng(seed)
  const clock = { ms: 0, nowMs: () => clock.ms }
  const { meter, picker: pickerOf } = strategies[scenario.strategy]
  const picker = pickerOf(rng, clock)
  const nodes = scenario.cores.map((cores): SimulatedNode => {
    const own = meter({ clock, cores: null, observer: 'auto' })
    return { cores, meter: own, callsByInterval: [], calls: 0, active: 0, busyMs: 0 }
  })
  const events = new Agenda()
  const { reportMs = Number.POSITIVE_INFINITY } = scenario
  const lastMs = scenario.calls / scenario.callsPerMs
  for (const [index, node] of nodes.entries()) {
    for (let ms = 0; ms < lastMs && scenario.reportMs !== undefined; ms += reportMs)
      events.add(ms, () => report(scenario, index, node))
  }
  let callMs = 0
  for (let i = 0; i < scenario.calls; i += 1) {
    callMs += exponential(rng, 1 / scenario.callsPerMs)
    events.add(callMs, () => {
      const work = cpuWork(exponential(rng, scenario.workMs))
      const node = picker.pick(nodes, work)
      const interval = Math.floor(clock.ms / reportMs)
      node.callsByInterval[interval] = (node.callsByInterval[interval] ?? 0) + 1
      node.calls += 1
      node.active += 1
      const ticket = node.meter.start(work)
      for (const each of nodes) scenario.watch?.(each)
      // The share of a core that it gets is fixed when it begins: processor sharing, roughly.
      const takesMs = work.cpuMs * Math.max(1, node.active / node.cores)
      events.add(clock.ms + takesMs, () => {
        node.active -= 1
        node.busyMs += work.cpuMs
        node.meter.settle(ticket, work, takesMs, false)
      })
    })
  }
  for (let event = events.next(); event !== null; event = events.next()) {
    clock.ms = Math.max(clock.ms, event.atMs)
    event.run()
  }
  return nodes
}

function report({ reportMs = 1, lie }: Scenario, index: number, node: SimulatedNode): void {
  const pressure = node.active === 0 ? 0 : Math.max(0, 1 - node.cores / node.active)
  const cpu = Math.min(1, node.busyMs / (reportMs * node.cores))
  const truth: StatePoint = { cpu, cpu_pressure: pressure }
  node.busyMs = 0
  const x = lie?.(index, truth) ?? truth
  const said: NodeReport = {
    id: String(index),
    name: String(index),
    x,
    cap: { cpus: node.cores },
    raw: {},
    src: 'simulation',
    age: 0,
  }
  node.meter.report(said)
}

function exponential(rng: Rng, mean: number): number {
  return -mean * Math.log(1 - rng())
}

type Event = { readonly atMs: number; readonly run: () => void }

/** What is to happen, earliest first: a binary heap. */
class Agenda {
  readonly #heap: Event[] = []

  add(atMs: number, run: () => void): void {
    const heap = this.#heap
    let at = heap.push({ atMs, run }) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      if (!this.#isBefore(at, above)) break
      this.#swap(at, above)
      at = above
    }
  }

  next(): Event | null {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) return null
    if (heap.length === 0) return first
    heap[0] = last
    for (let at = 0; ; ) {
      let least = at
      for (const below of [2 * at + 1, 2 * at + 2]) {
        if (below < heap.length && this.#isBefore(below, least)) least = below
      }
      if (least === at) return first
      this.#swap(at, least)
      at = least
    }
  }

  #isBefore(a: number, b: number): boolean {
    return (this.#heap[a]?.atMs ?? 0) < (this.#heap[b]?.atMs ?? 0)
  }

  #swap(a: number, b: number): void {
    const [first, second] = [this.#heap[a], this.#heap[b]]
    if (first === undefined || second === undefined) return
    this.#heap[a] = second
    this.#heap[b] = first
  }
}
