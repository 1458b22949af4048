import type { NodeReport, StatePoint } from '../../../agents/report.ts'
import { type Rng, seededRng } from '../../rng.ts'
import {
  Dispatcher,
  type DispatcherOptions,
  dispatcherDefaults,
} from '../../schedule/dispatcher.ts'
import { cpuWork, type Work } from '../../state/work.ts'
import type { LoadMeter } from '../meter.ts'
import type { StrategyName } from '../strategies.ts'
import { defaultChoice, type HoldMode, meterOf } from '../strategy-choice.ts'
import { Agenda } from './agenda.ts'

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
  /** Whether its nodes say that a CPU quota is what limits them. */
  readonly quota?: boolean
  /** What node `index` says in place of the truth. */
  readonly lie?: (index: number, truth: StatePoint) => StatePoint
  /** Whether cores are declared, for those strategies that need them before a report. */
  readonly declared?: boolean
  /** In place of work of CPU alone. */
  readonly workOf?: (rng: Rng) => Work
  /** Where the strategy makes calls wait. */
  readonly hold?: HoldMode
  readonly scheduling?: Partial<DispatcherOptions>
  /** A call begins to wait; a call that waited is sent. */
  readonly onWait?: (nodes: readonly SimulatedNode[], work: Work) => void
  readonly onHeld?: (heldMs: number) => void
  /** Looks at each node when it has been given a call. */
  readonly watch?: (node: SimulatedNode) => void
}

/** One node, as it is when all calls have ended. */
export class SimulatedNode {
  readonly cores: number
  readonly meter: LoadMeter
  /** Calls it was given, in each report interval. */
  readonly callsByInterval: number[] = []
  calls = 0
  inFlight = 0
  /** Core-milliseconds used since its last report. */
  busyMs = 0

  constructor(cores: number, meter: LoadMeter) {
    this.cores = cores
    this.meter = meter
  }

  get capacityCores(): number {
    return this.cores
  }
}

/** Runs a scenario to its end, on a clock and with chances of its own: the same for the same seed. */
export function simulate(scenario: Scenario, seed = 12_345): readonly SimulatedNode[] {
  const rng = seededRng(seed)
  const clock = { ms: 0, nowMs: () => clock.ms }
  const { strategy: name, hold: mode = 'on' } = scenario
  const choice = { ...defaultChoice, name, hold: mode }
  const options = { ...dispatcherDefaults, ...scenario.scheduling }
  const dispatcher = new Dispatcher<SimulatedNode>(choice, options, clock, rng)
  const nodes = scenario.cores.map((cores): SimulatedNode => {
    return new SimulatedNode(
      cores,
      meterOf(choice, { clock, cores: scenario.declared ? cores : null }),
    )
  })
  const events = new Agenda()
  const send = (node: SimulatedNode, work: Work): void => {
    const interval = Math.floor(clock.ms / reportMs)
    node.callsByInterval[interval] = (node.callsByInterval[interval] ?? 0) + 1
    node.calls += 1
    node.inFlight += 1
    const takenMs = dispatcher.sent(node, work)
    const ticket = node.meter.start(work)
    for (const each of nodes) scenario.watch?.(each)
    // The share of a core that it gets is fixed when it begins: processor sharing, roughly.
    const takesMs = work.cpuMs * Math.max(1, node.inFlight / node.cores) + work.diskMs
    events.add(clock.ms + takesMs, () => {
      node.inFlight -= 1
      node.busyMs += work.cpuMs
      node.meter.settle(ticket, work, takesMs, false)
      dispatcher.ended(node, takenMs)
    })
  }
  const hold = (work: Work): void => {
    const release = (node: SimulatedNode, heldMs: number): void => {
      scenario.onHeld?.(heldMs)
      send(node, work)
    }
    const refuse = (why: string): void => {
      throw new Error(`refused: ${why}`)
    }
    dispatcher.hold({ work, among: () => nodes, release, refuse }, Number.POSITIVE_INFINITY)
    if (dispatcher.queued > 0) scenario.onWait?.(nodes, work)
    wake()
  }
  /** Lets time pass for the calls that wait. */
  const wake = (): void => {
    const atMs = dispatcher.nextDeadlineMs
    if (atMs >= wakeMs || atMs === Number.POSITIVE_INFINITY) return
    wakeMs = atMs
    events.add(atMs, () => {
      wakeMs = Number.POSITIVE_INFINITY
      dispatcher.expire()
      wake()
    })
  }
  let wakeMs = Number.POSITIVE_INFINITY
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
      const work = scenario.workOf?.(rng) ?? cpuWork(exponential(rng, scenario.workMs))
      const node = dispatcher.pick(work, nodes)
      if (node !== null) send(node, work)
      else hold(work)
    })
  }
  for (let event = events.next(); event !== null; event = events.next()) {
    clock.ms = Math.max(clock.ms, event.atMs)
    event.run()
  }
  if (dispatcher.queued > 0) throw new Error('calls wait for ever')
  return nodes
}

function report(scenario: Scenario, index: number, node: SimulatedNode): void {
  const { reportMs = 1, lie } = scenario
  const pressure = node.inFlight === 0 ? 0 : Math.max(0, 1 - node.cores / node.inFlight)
  const cpu = Math.min(1, node.busyMs / (reportMs * node.cores))
  const truth: StatePoint = { cpu, cpu_pressure: pressure }
  node.busyMs = 0
  const x = lie?.(index, truth) ?? truth
  const said: NodeReport = {
    id: String(index),
    name: String(index),
    x,
    cap: { cpus: node.cores },
    raw: scenario.quota === true ? { quota_s: node.cores / 10, period_s: 0.1 } : {},
    src: 'simulation',
    age: 0,
  }
  node.meter.report(said)
}

function exponential(rng: Rng, mean: number): number {
  return -mean * Math.log(1 - rng())
}
