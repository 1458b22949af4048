import { type Declared, type Figures, Normalizer } from './normalize.ts'
import { type Naming, PidFile } from './pid-file.ts'
import type { NodeReport } from './report.ts'
import { type Machine, ProcessGone, type Sample, type Source } from './sources/source.ts'

/** Which process is a node's: a pid for good, or the file that names it. */
export type ProcessName = { readonly pid: number } | { readonly pidFile: string }

/** One node to watch. `id` is its identity in reports: stable, whatever its pid is. */
export type NodeOptions = { readonly id: string } & ProcessName & Declared

type Reading = { readonly sample: Sample; readonly figures: Figures }

const nothing: Figures = { x: {}, cap: {}, raw: {} }

/** Follows one node through the processes it has, one after the other, and says how it is. */
export class WatchedNode {
  readonly #options: NodeOptions
  readonly #machine: Machine
  readonly #log: (line: string) => void
  readonly #named: () => Naming | undefined
  #naming: Naming | undefined
  #source: Source | undefined
  #sourceName = 'none'
  #normalizer: Normalizer
  #reading: Reading | undefined
  #isGone = false
  #told = ''

  constructor(options: NodeOptions, machine: Machine, log: (line: string) => void) {
    this.#options = options
    this.#machine = machine
    this.#log = log
    this.#named = namingOf(options)
    this.#normalizer = new Normalizer(options)
  }

  /** Reads the node anew. What fails but is no end of a process is told once, and leaves no figures. */
  observe(): void {
    try {
      this.#follow()
      this.#read()
    } catch (error) {
      this.#reading = undefined
      this.#tell(`cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  /** The node as it was last observed. `nowMs` is the agent's monotonic clock. */
  report(nowMs: number): NodeReport {
    const { id } = this.#options
    const { x, cap, raw } = this.#reading?.figures ?? nothing
    const age = Math.max(0, Math.round(nowMs - (this.#reading?.sample.atMs ?? nowMs)))
    const gone = this.#isGone ? { gone: true } : {}
    return { id, name: id, ...gone, x, cap, raw, src: this.#sourceName, age }
  }

  close(): void {
    this.#source?.close()
    this.#source = undefined
  }

  /**
   * Opens what was named anew. A name holds for one process: when that has ended, the same pid is
   * someone else's until it is written again.
   */
  #follow(): void {
    const naming = this.#named()
    if (naming === undefined || naming.version === this.#naming?.version) return
    this.close()
    this.#reading = undefined
    this.#normalizer = new Normalizer(this.#options)
    this.#source = this.#machine.open(naming.pid)
    this.#naming = naming
  }

  #read(): void {
    const source = this.#source
    if (source === undefined) {
      this.#end(this.#naming === undefined ? 'no process is named' : 'no such process')
      return
    }
    try {
      const sample = source.sample()
      this.#isGone = false
      if (sample === undefined) return
      this.#reading = { sample, figures: this.#normalizer.push(sample) }
      this.#sourceName = source.name
      this.#tell(`process ${this.#naming?.pid}, read through ${source.name}`)
    } catch (error) {
      if (!(error instanceof ProcessGone)) throw error
      this.close()
      this.#end(`process ${this.#naming?.pid} has ended`)
    }
  }

  #end(why: string): void {
    if (!this.#isGone) this.#tell(why)
    this.#isGone = true
    this.#reading = undefined
  }

  #tell(what: string): void {
    if (what === this.#told) return
    this.#told = what
    this.#log(`${this.#options.id}: ${what}`)
  }
}

function namingOf(name: ProcessName): () => Naming | undefined {
  if ('pidFile' in name) {
    const file = new PidFile(name.pidFile)
    return () => file.current()
  }
  const naming = { pid: name.pid, version: 'for good' }
  return () => naming
}
