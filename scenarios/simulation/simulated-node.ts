import type { Agenda, Happening } from './agenda.ts'
import type { Host, Tenant } from './host.ts'
import { type Processor, type QuotaOptions, usualQuota } from './processor.ts'
import { SharedProcessor } from './shared-processor.ts'
import { SlicedProcessor, type SlicedProcessorOptions } from './sliced-processor.ts'
import { Wake } from './wake.ts'

/** How a node's processor works: evenly shared, or a Go program under a quota. */
export type ProcessorModel =
  | {
      readonly kind: 'shared'
      /** Calls served at once, null: all. */
      readonly workers: number | null
      /** Whether its cores are a CFS quota on a larger machine; else a smaller machine. */
      readonly hasQuota: boolean
    }
  | ({ readonly kind: 'sliced' } & Omit<SlicedProcessorOptions, 'cores' | 'quota'>)

/** One simulated node as a scenario describes it. */
export type NodeOptions = {
  readonly cores: number
  /** Work of one of its cores, 1 for the core that costs are measured on. */
  readonly speed: number
  /** Requests that its disk serves at once at full speed. */
  readonly disks: number
  readonly rttMs: number
  readonly model: ProcessorModel
}

/** Cores of the machine that a node with `hasQuota` may use at once, as in the policy study. */
const hostCores = 8

/**
 * A node: processor, then disk. Calls are numbers; whoever sends one is told when it is done. The
 * network between is not here.
 */
export class SimulatedNode implements Tenant {
  readonly options: NodeOptions
  /** First start of a CFS period, milliseconds from the beginning; each node has its own phase. */
  readonly phaseMs: number
  readonly quota: QuotaOptions | null
  readonly disk: SharedProcessor
  /** Time in which something waited for the disk: a task that reads waits, whoever else does. */
  diskWaitedMs = 0
  inFlight = 0
  done = 0
  readonly #cpu: Processor
  readonly #shared: SharedProcessor | null
  readonly #sliced: SlicedProcessor | null
  readonly #agenda: Agenda
  readonly #host: Host | null
  readonly #diskMs: Float64Array
  readonly #onDone: (call: number) => void
  readonly #cpuWake: Wake
  readonly #diskWake: Wake
  readonly #period: Happening
  #reading = 0
  #diskNowMs = 0

  /**
   * @param phase in [0, 1): where in its CFS period the node is at the beginning
   * @param diskMs what each call needs of the disk
   * @param onDone told of each call that left the node
   */
  constructor(
    options: NodeOptions,
    phase: number,
    agenda: Agenda,
    host: Host | null,
    diskMs: Float64Array,
    onDone: (call: number) => void,
  ) {
    this.options = options
    this.#agenda = agenda
    this.#host = host
    this.#diskMs = diskMs
    this.#onDone = onDone
    const { model, cores, speed, disks } = options
    this.#sliced =
      model.kind === 'sliced' ? new SlicedProcessor({ cores, quota: usualQuota, ...model }) : null
    this.#shared =
      model.kind === 'shared'
        ? new SharedProcessor({
            cores,
            speed,
            workers: model.workers,
            quota: model.hasQuota ? { cfs: usualQuota, hostCores } : null,
          })
        : null
    this.#cpu = this.#sliced ?? this.#shared ?? idle()
    this.quota = model.kind === 'sliced' || model.hasQuota ? usualQuota : null
    this.disk = new SharedProcessor({ cores: disks, speed: 1, workers: null, quota: null })
    this.#cpuWake = new Wake(agenda, () => this.#cpuChanged())
    this.#diskWake = new Wake(agenda, () => this.#diskChanged())
    this.phaseMs = phase * usualQuota.periodMs
    this.#period = { happen: () => this.#beginPeriod() }
    if (this.quota !== null) agenda.add(this.phaseMs, this.#period, 0)
    host?.admit(this)
  }

  get runnable(): number {
    return this.#sliced?.runnable ?? 0
  }

  /** What its cgroup's files would say now. */
  get counters(): Processor['counters'] {
    this.#cpu.advance(this.#agenda.nowMs)
    return this.#cpu.counters
  }

  /** A call has come in. */
  begin(call: number, cpuMs: number): void {
    this.inFlight += 1
    this.#cpu.advance(this.#agenda.nowMs)
    this.#cpu.add(call, cpuMs)
    this.#cpuChanged()
  }

  /** What else runs on it from now on: see {@link SharedProcessor.disturb}. */
  disturb(runnable: number, stolen: number, reading: number): void {
    this.#cpu.advance(this.#agenda.nowMs)
    this.#shared?.disturb(runnable, stolen)
    this.#cpuChanged()
    this.advanceDisk()
    this.disk.disturb(reading, 0)
    this.#reading = reading
    this.#diskChanged()
  }

  /** A process that nobody sees uses so many cores of its quota from now on. */
  shareQuota(cores: number): void {
    this.#cpu.advance(this.#agenda.nowMs)
    this.#sliced?.shareQuota(cores)
    this.#cpuChanged()
  }

  beforeChange(nowMs: number): void {
    this.#cpu.advance(nowMs)
  }

  afterChange(running: number, _nowMs: number): void {
    this.#sliced?.runOn(running)
    this.#cpuWake.at(this.#cpu.nextMs())
  }

  advanceDisk(): void {
    const nowMs = this.#agenda.nowMs
    if (this.#inDisk > 0 || this.#reading > 0) this.diskWaitedMs += nowMs - this.#diskNowMs
    this.#diskNowMs = nowMs
    this.disk.advance(nowMs)
  }

  #inDisk = 0

  #beginPeriod(): void {
    const nowMs = this.#agenda.nowMs
    this.#cpu.advance(nowMs)
    this.#cpu.beginPeriod()
    this.#agenda.add(nowMs + usualQuota.periodMs, this.#period, 0)
    this.#cpuChanged()
  }

  /** Takes what has ended and asks to be woken at the next change. */
  #cpuChanged(): void {
    this.#cpu.advance(this.#agenda.nowMs)
    for (let call = this.#cpu.takeEnded(); call >= 0; call = this.#cpu.takeEnded()) {
      const diskMs = this.#diskMs[call] ?? 0
      if (diskMs === 0) this.#leave(call)
      else {
        this.advanceDisk()
        this.#inDisk += 1
        this.disk.add(call, diskMs)
        this.#diskWake.at(this.disk.nextMs())
      }
    }
    this.#host?.balance(this)
    this.#cpuWake.at(this.#cpu.nextMs())
  }

  #diskChanged(): void {
    this.advanceDisk()
    for (let call = this.disk.takeEnded(); call >= 0; call = this.disk.takeEnded()) {
      this.#inDisk -= 1
      this.#leave(call)
    }
    this.#diskWake.at(this.disk.nextMs())
  }

  #leave(call: number): void {
    this.inFlight -= 1
    this.done += 1
    this.#onDone(call)
  }
}

function idle(): never {
  throw new RangeError('a node without a processor')
}
