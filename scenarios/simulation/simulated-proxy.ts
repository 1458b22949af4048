import type { NodeReport } from '../../agents/report.ts'
import {
  type Clock,
  Costs,
  Dispatcher,
  dispatcherDefaults,
  type LoadMeter,
  meterOf,
  methods,
  type Rng,
  type StrategyChoice,
  unknownMethod,
  type Work,
} from '../../proxy/index.ts'
import type { Agenda, Happening } from './agenda.ts'
import type { CallKind } from './call-mix.ts'
import { nodeName } from './simulated-agent.ts'

/** One node as a proxy of the simulation sees it: what `Upstream` is in the real one. */
type Upstream = {
  readonly index: number
  readonly meter: LoadMeter
  inFlight: number
  capacityCores: number
}

/** Where a call goes when the proxy has decided, and what becomes of one that it refused. */
export type Outlet = {
  send(call: number, node: number, heldMs: number): void
  refuse(call: number): void
}

/** As the real proxy's default. */
const timeoutMs = 30_000

export type SimulatedProxyOptions = {
  readonly choice: StrategyChoice
  /** Declared cores of each node; null: its agent has to say. */
  readonly cores: readonly (number | null)[]
  readonly mix: readonly CallKind[]
  /** Whether it is told the true mean cost of each kind: what could be had if it learned at once. */
  readonly knowsCosts: boolean
}

type Sent = {
  readonly work: Work
  readonly upstream: Upstream
  readonly ticket: number
  readonly takenMs: number
  readonly atMs: number
}

/**
 * The placement of the real proxy, around the very same meters, pickers, costs and dispatcher: it
 * sees arrivals, answers and reports, and nothing of what goes on inside a node.
 */
export class SimulatedProxy {
  readonly #agenda: Agenda
  /** What the proxy takes a call of each kind to cost. */
  readonly #works: readonly (() => Work)[]
  readonly #costs = new Costs()
  readonly #dispatcher: Dispatcher<Upstream>
  readonly #upstreams: readonly Upstream[]
  readonly #outlet: Outlet
  readonly #sent = new Map<number, Sent>()
  readonly #deadline: Happening
  #deadlineMs = Number.POSITIVE_INFINITY

  constructor(options: SimulatedProxyOptions, agenda: Agenda, rng: Rng, outlet: Outlet) {
    const { choice, cores, mix, knowsCosts } = options
    const costs = this.#costs
    const clock: Clock = { nowMs: () => agenda.nowMs }
    this.#agenda = agenda
    this.#outlet = outlet
    this.#works = mix.map((kind) => {
      const rule = methods.get(kind.method) ?? unknownMethod
      const known = knownWork(kind)
      const refinement = kind.blocks === null ? '' : String(Math.floor(Math.log2(kind.blocks)))
      return () => (knowsCosts ? known : costs.of(kind.method, rule, refinement))
    })
    this.#dispatcher = new Dispatcher(choice, dispatcherDefaults, clock, rng)
    this.#upstreams = cores.map((declared, index) => ({
      index,
      meter: meterOf(choice, { clock, cores: declared, costs }),
      inFlight: 0,
      capacityCores: declared ?? 1,
    }))
    this.#deadline = { happen: () => this.#expire() }
  }

  arrive(call: number, kind: number): void {
    const work = (this.#works[kind] ?? noKind)()
    const upstream = this.#dispatcher.pick(work, this.#upstreams)
    if (upstream !== null) {
      this.#send(call, work, upstream, 0)
      return
    }
    const waiting = {
      work,
      among: () => this.#upstreams,
      release: (node: Upstream, heldMs: number) => this.#send(call, work, node, heldMs),
      refuse: () => this.#outlet.refuse(call),
    }
    this.#dispatcher.hold(waiting, this.#agenda.nowMs + timeoutMs)
    this.#watchDeadline()
  }

  /** The answer to a call that it sent has come. */
  answered(call: number): void {
    const sent = this.#sent.get(call)
    if (sent === undefined) throw new RangeError(`call ${call} was not sent`)
    const { upstream, work, ticket, takenMs, atMs } = sent
    this.#sent.delete(call)
    upstream.inFlight -= 1
    upstream.meter.settle(ticket, work, this.#agenda.nowMs - atMs, false)
    this.#dispatcher.ended(upstream, takenMs)
  }

  /** @param sentWallMs the agent's wall clock when it wrote the report */
  report(node: number, report: NodeReport, sentWallMs: number): void {
    const upstream = this.#upstreams[node]
    if (upstream === undefined) throw new RangeError(`no ${nodeName(node)}`)
    if (report.cap.cpus !== undefined) upstream.capacityCores = report.cap.cpus
    upstream.meter.report(report, sentWallMs)
  }

  #send(call: number, work: Work, upstream: Upstream, heldMs: number): void {
    const takenMs = this.#dispatcher.sent(upstream, work)
    const ticket = upstream.meter.start(work)
    upstream.inFlight += 1
    this.#sent.set(call, { work, upstream, ticket, takenMs, atMs: this.#agenda.nowMs })
    this.#outlet.send(call, upstream.index, heldMs)
  }

  #expire(): void {
    this.#deadlineMs = Number.POSITIVE_INFINITY
    this.#dispatcher.expire()
    this.#watchDeadline()
  }

  #watchDeadline(): void {
    const nextMs = this.#dispatcher.nextDeadlineMs
    if (nextMs >= this.#deadlineMs) return
    this.#deadlineMs = nextMs
    this.#agenda.add(nextMs, this.#deadline, 0)
  }
}

/** A work that nobody learns anything about: its key is of no method. */
function knownWork({ name, cpuMs, diskMs }: CallKind): Work {
  return { key: `known ${name}`, kind: 'read', cpuMs: cpuMs.mean, diskMs: diskMs?.mean ?? 0 }
}

function noKind(): never {
  throw new RangeError('a call of no kind')
}
