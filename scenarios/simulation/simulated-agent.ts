import type { NodeReport, RawFigures, StatePoint } from '../../agents/report.ts'
import { normal, type Random } from '../load/random.ts'
import type { Agenda, Happening } from './agenda.ts'
import { exponential } from './draws.ts'
import type { SimulatedNode } from './simulated-node.ts'

/** What goes wrong with the agent of a node. */
export type AgentFault =
  | 'none'
  /** It ends and is not heard of again. */
  | 'silent'
  /** It says the same reading over and over, as if it were new. */
  | 'frozen'
  /** It says that its node is all but idle. */
  | 'idle'

/** How agents report. */
export type AgentOptions = {
  readonly intervalMs: number
  /** What a line takes to the proxy: this, and an exponential part of mean `jitterMs`. */
  readonly delayMs: number
  readonly jitterMs: number
  /** Share of the lines that are lost. */
  readonly loss: number
  /** Standard deviation ÷ value of what each window adds to a counter. */
  readonly noise: number
  /** From `faultAtMs` on, `faulty` of the nodes, the first ones, have this fault. */
  readonly fault: AgentFault
  readonly faulty: number
  readonly faultAtMs: number
}

export const soundAgents: AgentOptions = {
  intervalMs: 250,
  delayMs: 2,
  jitterMs: 3,
  loss: 0,
  noise: 0.03,
  fault: 'none',
  faulty: 0,
  faultAtMs: 0,
}

/** Bytes that a disk of parallelism 1 moves in a millisecond. */
export const bytesPerDiskMs = 100_000

/** Share of its cores that a node has in use by the word of an agent that lies. */
const liedUse = 0.05

/** Takes a report of node `index` to the proxies; the agent's wall clock when it was written. */
export type SendReport = (index: number, report: NodeReport, sentWallMs: number) => void

/** Reads one node's counters as the real agent does and sends them, late, noisy or not at all. */
export class SimulatedAgent implements Happening {
  readonly #index: number
  readonly #node: SimulatedNode
  readonly #options: AgentOptions
  readonly #agenda: Agenda
  readonly #random: Random
  readonly #send: SendReport
  readonly #memory: number
  #last: Reading = { atMs: 0, cpuMs: 0, cpuWaitedMs: 0, diskMs: 0, diskWaitedMs: 0 }
  /** What it has said of use so far: noise must not let a counter go back. */
  #toldCpuMs = 0
  #kept: NodeReport | null = null

  constructor(
    index: number,
    node: SimulatedNode,
    options: AgentOptions,
    agenda: Agenda,
    random: Random,
    send: SendReport,
  ) {
    this.#index = index
    this.#node = node
    this.#options = options
    this.#agenda = agenda
    this.#random = random
    this.#send = send
    this.#memory = 0.35 + 0.5 * random()
    agenda.add(1 + random() * options.intervalMs, this, 0)
  }

  happen(): void {
    const { intervalMs, delayMs, jitterMs, loss, fault, faulty, faultAtMs } = this.#options
    const nowMs = this.#agenda.nowMs
    this.#agenda.add(nowMs + intervalMs * (0.98 + 0.04 * this.#random()), this, 0)
    const own = this.#index < faulty && nowMs >= faultAtMs ? fault : 'none'
    const read = this.#read(own === 'idle')
    const isLost = this.#random() < loss || own === 'silent'
    const lateMs = delayMs + exponential(this.#random, jitterMs)
    if (own !== 'frozen' || this.#kept === null) this.#kept = read
    const said = this.#kept
    if (isLost) return
    const arrival = { happen: () => this.#send(this.#index, said, wallMs(nowMs)) }
    this.#agenda.add(nowMs + lateMs, arrival, 0)
  }

  #read(isLying: boolean): NodeReport {
    const node = this.#node
    node.advanceDisk()
    const nowMs = this.#agenda.nowMs
    const { usedMs, waitedMs, throttledMs, periods, throttledPeriods } = node.counters
    const { cores, disks } = node.options
    const before = this.#last
    const windowMs = Math.max(1e-3, nowMs - before.atMs)
    const now: Reading = {
      atMs: nowMs,
      cpuMs: usedMs,
      cpuWaitedMs: waitedMs,
      diskMs: node.disk.counters.usedMs,
      diskWaitedMs: node.diskWaitedMs,
    }
    this.#last = now
    const usedInWindow = isLying ? liedUse * cores * windowMs : now.cpuMs - before.cpuMs
    const toldMs = Math.max(0, usedInWindow * (1 + this.#options.noise * normal(this.#random)))
    this.#toldCpuMs += toldMs
    const x: StatePoint = {
      cpu_pressure: isLying ? 0 : share((now.cpuWaitedMs - before.cpuWaitedMs) / windowMs),
      io_pressure: isLying ? 0 : share((now.diskWaitedMs - before.diskWaitedMs) / windowMs),
      mem_pressure: 0,
      cpu: share(toldMs / windowMs / cores),
      memory: share(this.#memory * (1 + 0.02 * normal(this.#random))),
      disk: isLying ? 0 : share((now.diskMs - before.diskMs) / windowMs / disks),
    }
    const raw: RawFigures = {
      at_ms: nowMs,
      cpu_cores: toldMs / windowMs,
      cpu_usage_s: this.#toldCpuMs / 1000,
      cpu_pressure_s: now.cpuWaitedMs / 1000,
      io_pressure_s: now.diskWaitedMs / 1000,
      mem_pressure_s: 0,
      disk_bytes: now.diskMs * bytesPerDiskMs,
      ...this.#quota(periods, throttledPeriods, throttledMs),
    }
    const name = nodeName(this.#index)
    const cap = { cpus: cores, disk: disks * bytesPerDiskMs * 1000 }
    return { id: name, name, x, cap, raw, src: 'simulation', age: 0 }
  }

  #quota(periods: number, throttledPeriods: number, throttledMs: number): RawFigures {
    const { quota, phaseMs, options } = this.#node
    if (quota === null) return {}
    return {
      quota_s: (options.cores * quota.periodMs) / 1000,
      period_s: quota.periodMs / 1000,
      // Known from the first report on; the real agent needs some seconds to see a period begin.
      period_start_ms: wallMs(phaseMs),
      nr_periods: periods,
      nr_throttled: throttledPeriods,
      throttled_s: throttledMs / 1000,
    }
  }
}

/** What a node is called, by its place in the scenario. */
export function nodeName(index: number): string {
  return `node-${index + 1}`
}

/** Agents and proxies have clocks that begin at different times. */
function wallMs(simulatedMs: number): number {
  return simulatedMs + 1_795_000_000_000
}

type Reading = {
  readonly atMs: number
  readonly cpuMs: number
  readonly cpuWaitedMs: number
  readonly diskMs: number
  readonly diskWaitedMs: number
}

function share(ratio: number): number {
  return Math.min(1, Math.max(0, ratio))
}
