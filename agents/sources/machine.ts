import { existsSync } from 'node:fs'
import type { Clock } from '../clock.ts'
import { scanForContainers } from '../containers/process-scan.ts'
import { CfsPhases } from './cfs-phase.ts'
import type { Kernel } from './detect.ts'
import { Host } from './host.ts'
import { KernelFiles } from './kept-file.ts'
import { KernelSource } from './kernel-source.ts'
import { PsTable, readUsage } from './ps.ts'
import type { Machine } from './source.ts'

/**
 * Where figures may come from: `auto` takes the kernel's files where there are any and `ps` where
 * not; `proc` leaves the groups out; `ps` asks `ps` and `docker` asks the Docker Engine even where
 * there are better sources.
 */
export const sourceModes = ['auto', 'proc', 'ps', 'docker'] as const
export type SourceMode = (typeof sourceModes)[number]

export type MachineOptions = {
  readonly mode: SourceMode
  /** Where `/proc` and the cgroup trees are mounted. */
  readonly procRoot: string
  readonly cgroupRoot: string
  readonly clock: Clock
  /** Takes one line for people. */
  readonly log: (line: string) => void
}

/** Opens what this machine offers. */
export function openMachine(options: MachineOptions): Machine {
  const { mode, procRoot, clock, log } = options
  const hasKernelFiles = existsSync(`${procRoot}/self/stat`) || existsSync(`${procRoot}/stat`)
  if (mode === 'ps' || !hasKernelFiles) return new PsTable(readUsage, clock, log)
  return new KernelMachine(options)
}

class KernelMachine implements Machine {
  readonly #kernel: Kernel
  readonly #phases: CfsPhases

  constructor({ mode, procRoot, cgroupRoot, clock }: MachineOptions) {
    const files = new KernelFiles()
    const host = new Host(files, procRoot)
    this.#kernel = { files, host, clock, procRoot, cgroupRoot, usesGroups: mode !== 'proc' }
    this.#phases = new CfsPhases(clock)
  }

  open(pid: number): KernelSource | undefined {
    return KernelSource.open(this.#kernel, this.#phases, pid)
  }

  openContainer(id: string, pid: number): KernelSource | undefined {
    const named = this.#openWithin(id, pid)
    if (named !== undefined) return named
    const { files, procRoot } = this.#kernel
    const found = scanForContainers(files, procRoot).get(id)
    return found === undefined ? undefined : this.#openWithin(id, found)
  }

  refresh(): void {
    this.#kernel.host.refresh()
    this.#phases.refresh()
  }

  async close(): Promise<void> {
    this.#phases.close()
    this.#kernel.host.close()
  }

  #openWithin(id: string, pid: number): KernelSource | undefined {
    const source = this.open(pid)
    if (source === undefined || source.containerId === id) return source
    source.close()
    return undefined
  }
}
