import { containerIdIn } from '../containers/container.ts'
import type { CfsPhases, Phased } from './cfs-phase.ts'
import { type Attachment, detect, type Kernel } from './detect.ts'
import { Pace } from './pace.ts'
import { Process } from './process.ts'
import type { QuotaLevels } from './quota.ts'
import { type Glance, ProcessGone, type Sample, type Source } from './source.ts'

/** Reads one process, and the groups that it has for itself, from the kernel's files. */
export class KernelSource implements Source, Phased {
  readonly #kernel: Kernel
  readonly #phases: CfsPhases
  readonly #process: Process
  readonly #pace = new Pace()
  #attachment: Attachment
  #epoch = 0
  #quotaS: number | undefined
  #periodS: number | undefined
  periodStartMs: number | undefined

  private constructor(kernel: Kernel, phases: CfsPhases, process: Process) {
    this.#kernel = kernel
    this.#phases = phases
    this.#process = process
    this.#attachment = detect(kernel, process)
    phases.follow(this)
  }

  /** Undefined when no such process runs. `phases` finds when the periods of its quota begin. */
  static open(kernel: Kernel, phases: CfsPhases, pid: number): KernelSource | undefined {
    const process = Process.open(kernel.files, kernel.procRoot, pid)
    return process === undefined ? undefined : new KernelSource(kernel, phases, process)
  }

  get name(): string {
    return this.#attachment.name
  }

  /** The container that the process is in; undefined when it is in none. */
  get containerId(): string | undefined {
    return containerIdIn(this.#attachment.membership)
  }

  /** The quotas that bind the process, where its group is its own. */
  get quota(): QuotaLevels | undefined {
    return this.#attachment.quota
  }

  sample(): Sample {
    const isDue = this.#pace.isDue(this.#kernel.clock.nowMs())
    if (isDue && this.#process.membership() !== this.#attachment.membership) this.#detectAgain()
    try {
      return this.#read()
    } catch (error) {
      if (!(error instanceof ProcessGone)) throw error
      // A group cannot go while a live process is in it: the process was moved since we looked.
      this.#process.cpuUsageS()
      this.#detectAgain()
      return this.#read()
    }
  }

  glance(): Glance | undefined {
    const { pressure, quota } = this.#attachment
    if (pressure === undefined && quota === undefined) return undefined
    const glance: Sample = { atMs: this.#kernel.clock.nowMs(), epoch: this.#epoch }
    if (pressure !== undefined) pressure.read(glance)
    else quota?.readThrottling(glance)
    return glance
  }

  close(): void {
    this.#phases.unfollow(this)
    this.#closeGauges()
    this.#process.close()
  }

  #read(): Sample {
    const sample: Sample = { atMs: this.#kernel.clock.nowMs(), epoch: this.#epoch }
    const processCpuS = this.#process.cpuUsageS()
    for (const gauge of this.#attachment.gauges) gauge.read(sample)
    this.#kernel.host.read(sample)
    sample.cpuUsageS ??= processCpuS
    this.#keepPhase(sample)
    return sample
  }

  /** A quota that is set, even to the same period, begins its periods anew. */
  #keepPhase(sample: Sample): void {
    const { quotaS, periodS } = sample
    if (quotaS !== this.#quotaS || periodS !== this.#periodS) this.periodStartMs = undefined
    this.#quotaS = quotaS
    this.#periodS = periodS
    if (this.periodStartMs !== undefined) sample.periodStartMs = this.periodStartMs
  }

  #detectAgain(): void {
    this.#closeGauges()
    this.#attachment = detect(this.#kernel, this.#process)
    this.#epoch += 1
    this.periodStartMs = undefined
  }

  #closeGauges(): void {
    for (const gauge of this.#attachment.gauges) gauge.close()
  }
}
