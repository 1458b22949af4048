import { type Rng, type StrategyChoice, seededRng } from '../../proxy/index.ts'
import { randomStream } from '../load/random.ts'
import { Agenda, type Happening } from '../simulation/agenda.ts'
import { type CallStream, drawStream } from '../simulation/call-mix.ts'
import { type Cluster, ratePerMs } from '../simulation/cluster.ts'
import { disturb, disturbQuotas } from '../simulation/disturbance.ts'
import { Host } from '../simulation/host.ts'
import { Passage, Program } from '../simulation/program.ts'
import { SimulatedAgent } from '../simulation/simulated-agent.ts'
import { SimulatedNode } from '../simulation/simulated-node.ts'
import { SimulatedProxy } from '../simulation/simulated-proxy.ts'
import { Tally, type TrialFigures } from '../simulation/tally.ts'

/** How long a trial is. Both in simulated milliseconds. */
export type TrialSpan = { readonly warmupMs: number; readonly measuredMs: number }

/** After the last arrival, calls under way have so long to end. */
const graceMs = 30_000
/** What a call takes on an idle node besides its work, for the slowdown. */
const idleMs = 0.5

/**
 * A fleet that is not there: simulated nodes behind the proxy's own decisions, on a clock of its
 * own. The same seed gives every strategy the same calls, costs, disturbances and chances.
 */
export class SimulatedFleet {
  readonly #cluster: Cluster
  readonly #span: TrialSpan
  readonly #agenda = new Agenda()
  readonly #stream: CallStream
  readonly #nodes: readonly SimulatedNode[]
  readonly #proxies: readonly SimulatedProxy[]
  readonly #tally: Tally
  readonly #pending = new Set<number>()
  readonly #arrival: Happening
  readonly #atProxy: Happening
  readonly #delivery: Happening
  readonly #answer: Happening
  readonly #nodeOf: Uint8Array
  readonly #generator: Passage
  readonly #proxyProgram: Passage

  constructor(cluster: Cluster, choice: StrategyChoice, seed: number, span: TrialSpan) {
    const agenda = this.#agenda
    this.#cluster = cluster
    this.#span = span
    const endMs = span.warmupMs + span.measuredMs
    const streamOptions = { ...cluster, ratePerMs: ratePerMs(cluster), endMs }
    this.#stream = drawStream(
      streamOptions,
      randomStream(seed, 'arrivals'),
      randomStream(seed, 'calls'),
    )
    this.#nodeOf = new Uint8Array(this.#stream.count)
    this.#tally = new Tally(cluster.nodes.length)
    const host = cluster.host === null ? null : new Host(cluster.host, agenda)
    const phases = randomStream(seed, 'phases')
    const passage = (name: 'generator' | 'proxy'): Passage => {
      if (cluster.host === null || host === null) return new Passage(null, null)
      const options = cluster.host[name]
      return new Passage(options, new Program(options, agenda, host, randomStream(seed, name)()))
    }
    this.#generator = passage('generator')
    this.#proxyProgram = passage('proxy')
    const toProxy = (call: number, rttMs: number) => {
      agenda.add(agenda.nowMs + rttMs / 2, backAtProxy, call)
    }
    this.#nodes = cluster.nodes.map((options) => {
      const done = (call: number) => toProxy(call, options.rttMs)
      return new SimulatedNode(options, phases(), agenda, host, this.#stream.diskMs, done)
    })
    const taken = { happen: (call: number) => this.#take(call) }
    const answered = { happen: (call: number) => this.#answered(call) }
    this.#atProxy = { happen: (call) => this.#proxyProgram.in(call, taken) }
    const backAtProxy = { happen: (call: number) => this.#proxyProgram.out(call, answered) }
    this.#arrival = { happen: (call) => this.#arrive(call) }
    this.#delivery = { happen: (call) => this.#deliver(call) }
    this.#answer = { happen: (call) => this.#told(call) }
    this.#proxies = Array.from({ length: cluster.proxies }, (_, p) =>
      this.#proxy(choice, rngOf(seed, `proxy ${p}`)),
    )
    this.#nodes.forEach((node, i) => {
      const random = randomStream(seed, `disturbances of ${i}`)
      disturb(node, cluster.disturbances, agenda, random)
      const said = randomStream(seed, `agent of ${i}`)
      new SimulatedAgent(i, node, cluster.agents, agenda, said, (index, report, sentWallMs) => {
        for (const proxy of this.#proxies) proxy.report(index, report, sentWallMs)
      })
    })
    disturbQuotas(this.#nodes, cluster.disturbances, agenda)
  }

  /** Runs the whole trial and sums up the calls that arrived after the warm-up. */
  run(): TrialFigures {
    const endMs = this.#span.warmupMs + this.#span.measuredMs
    if (this.#stream.count > 0) this.#agenda.add(this.#stream.atMs[0] ?? 0, this.#arrival, 0)
    const usedMs = this.#runTo(this.#span.warmupMs)
    const use = this.#runTo(endMs) - usedMs
    const limitMs = endMs + graceMs
    while (this.#pending.size > 0 && this.#agenda.step(limitMs));
    for (const call of this.#pending) {
      if (!this.#isMeasured(call)) continue
      this.#tally.leaveUnfinished()
      this.#record(call)
    }
    const cores = this.#cluster.nodes.reduce((sum, node) => sum + node.cores, 0)
    return this.#tally.figures(use / (cores * this.#span.measuredMs))
  }

  /** @returns core-milliseconds used until then */
  #runTo(endMs: number): number {
    while (this.#agenda.step(endMs));
    return this.#nodes.reduce((sum, node) => sum + node.counters.usedMs, 0)
  }

  #proxy(choice: StrategyChoice, rng: Rng): SimulatedProxy {
    const { nodes, declaresCores } = this.#cluster
    const cores = nodes.map((node) => (declaresCores ? node.cores : null))
    return new SimulatedProxy({ ...this.#cluster, choice, cores }, this.#agenda, rng, {
      send: (call, node, heldMs) => {
        this.#nodeOf[call] = node
        if (this.#isMeasured(call)) this.#tally.placed(node, heldMs)
        const rttMs = this.#nodes[node]?.options.rttMs ?? 0
        this.#agenda.add(this.#agenda.nowMs + rttMs / 2, this.#delivery, call)
      },
      refuse: (call) => {
        this.#pending.delete(call)
        if (this.#isMeasured(call)) this.#tally.refuse()
      },
    })
  }

  #arrive(call: number): void {
    const { atMs, count } = this.#stream
    if (call + 1 < count) this.#agenda.add(atMs[call + 1] ?? 0, this.#arrival, call + 1)
    this.#pending.add(call)
    this.#generator.in(call, this.#atProxy)
  }

  #take(call: number): void {
    const { kind, proxy } = this.#stream
    this.#proxies[proxy[call] ?? 0]?.arrive(call, kind[call] ?? 0)
  }

  #deliver(call: number): void {
    this.#nodes[this.#nodeOf[call] ?? 0]?.begin(call, this.#stream.cpuMs[call] ?? 0)
  }

  #answered(call: number): void {
    this.#proxies[this.#stream.proxy[call] ?? 0]?.answered(call)
    this.#generator.out(call, this.#answer)
  }

  #told(call: number): void {
    this.#pending.delete(call)
    if (this.#isMeasured(call)) this.#record(call)
  }

  #isMeasured(call: number): boolean {
    return (this.#stream.atMs[call] ?? 0) >= this.#span.warmupMs
  }

  #record(call: number): void {
    const { atMs, cpuMs, diskMs, kind } = this.#stream
    const idealMs = (cpuMs[call] ?? 0) + (diskMs[call] ?? 0) + idleMs
    const isLight = this.#cluster.mix[kind[call] ?? 0]?.isLight ?? false
    this.#tally.answered(this.#agenda.nowMs - (atMs[call] ?? 0), idealMs, isLight)
  }
}

function rngOf(seed: number, name: string): Rng {
  return seededRng(Math.floor(randomStream(seed, name)() * 2 ** 32))
}
