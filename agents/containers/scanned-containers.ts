import type { Clock } from '../clock.ts'
import { KernelFiles } from '../sources/kept-file.ts'
import { type Container, type ContainerTable, isSelected, type Selector } from './container.ts'
import { scanForContainers } from './process-scan.ts'

export type ScannedContainersOptions = {
  readonly selectors: readonly Selector[]
  readonly procRoot: string
  readonly clock: Clock
  readonly log: (line: string) => void
}

/** A container that starts is found within this time. */
const everyMs = 2_000

/** Scanning may take this part of one core at most, however many processes there are. */
const maxShare = 0.005

/** Between two scans at least, also when a process was seen to end. */
const minPauseMs = 200

/**
 * Containers found without an engine, by looking through `/proc`. It knows ids, and neither names nor
 * labels: those are kept by engines alone.
 */
export class ScannedContainers implements ContainerTable {
  readonly #options: ScannedContainersOptions
  readonly #files = new KernelFiles()
  #containers: ReadonlyMap<string, Container> = new Map()
  #version = 0
  #isComplete = false
  #timer: NodeJS.Timeout | undefined
  #isClosed = false
  #problem = ''
  #onChange: () => void = () => {}

  constructor(options: ScannedContainersOptions) {
    this.#options = options
  }

  get version(): number {
    return this.#version
  }

  get isComplete(): boolean {
    return this.#isComplete
  }

  get containers(): ReadonlyMap<string, Container> {
    return this.#containers
  }

  start(onChange: () => void): void {
    this.#onChange = onChange
    this.#scan()
  }

  doubt(): void {
    this.#scanIn(minPauseMs)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
  }

  #scanIn(ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#isClosed) this.#timer = setTimeout(() => this.#scan(), ms).unref()
  }

  #scan(): void {
    const { clock } = this.#options
    const startMs = clock.nowMs()
    try {
      this.#take(scanForContainers(this.#files, this.#options.procRoot))
      this.#problem = ''
    } catch (error) {
      this.#tell(error instanceof Error ? error.message : String(error))
    }
    const tookMs = clock.nowMs() - startMs
    this.#scanIn(Math.max(everyMs, tookMs / maxShare))
  }

  #take(pids: ReadonlyMap<string, number>): void {
    const containers = new Map<string, Container>()
    let isChanged = !this.#isComplete
    for (const [id, pid] of pids) {
      const container = { id, name: id, labels: {}, pid, limits: {} }
      if (!this.#options.selectors.some((selector) => isSelected(container, selector))) continue
      containers.set(id, container)
      if (this.#containers.get(id)?.pid !== pid) isChanged = true
    }
    if (!isChanged && containers.size === this.#containers.size) return
    this.#containers = containers
    this.#isComplete = true
    this.#version += 1
    this.#onChange()
  }

  #tell(problem: string): void {
    if (problem !== this.#problem) this.#options.log(`containers: ${problem}`)
    this.#problem = problem
  }
}
