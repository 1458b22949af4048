import type { Naming, Subject } from './naming.ts'
import { type Figures, Normalizer } from './normalize.ts'
import type { NodeReport } from './report.ts'
import { ProcessGone, type Sample, type Source } from './sources/source.ts'

type Reading = { readonly sample: Sample; readonly figures: Figures }

const nothing: Figures = { x: {}, cap: {}, raw: {} }

/** Follows one node through the processes it has, one after the other, and says how it is. */
export class WatchedNode {
  readonly subject: Subject
  readonly #log: (line: string) => void
  #naming: Naming | undefined
  #source: Source | undefined
  #sourceName = 'none'
  #normalizer: Normalizer
  #reading: Reading | undefined
  #isGone = false
  #told = ''

  constructor(subject: Subject, log: (line: string) => void) {
    this.subject = subject
    this.#log = log
    this.#normalizer = new Normalizer(subject.declared)
  }

  get isGone(): boolean {
    return this.#isGone
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

  /**
   * Looks at what moves fastest alone, between two readings: true when an axis of pressure has moved
   * by more than `threshold` since, or the process has ended.
   */
  hasMoved(threshold: number): boolean {
    try {
      const glance = this.#source?.glance()
      return glance !== undefined && this.#normalizer.hasMoved(glance, threshold)
    } catch (error) {
      // The reading that follows tells what it is.
      return error instanceof ProcessGone
    }
  }

  /** The node as it was last observed. `nowMs` is the agent's monotonic clock. */
  report(nowMs: number): NodeReport {
    const { id, name } = this.subject
    const { x, cap, raw } = this.#reading?.figures ?? nothing
    const age = Math.max(0, Math.round(nowMs - (this.#reading?.sample.atMs ?? nowMs)))
    const gone = this.#isGone ? { gone: true } : {}
    return { id, name, ...gone, x, cap, raw, src: this.#sourceName, age }
  }

  close(): void {
    this.#source?.close()
    this.#source = undefined
  }

  /**
   * Opens what was named anew. A name holds for one process: when that has ended, the same pid is
   * someone else's until it is named again.
   */
  #follow(): void {
    const naming = this.subject.current()
    if (naming === 'unknown') return
    if (naming === undefined) {
      if (this.subject.holdsOn) return
      this.close()
      this.#naming = undefined
      return
    }
    if (naming.version === this.#naming?.version) return
    this.close()
    this.#reading = undefined
    this.#normalizer = new Normalizer(this.subject.declared)
    this.#source = naming.open()
    this.#naming = naming
  }

  #read(): void {
    const source = this.#source
    if (source === undefined) {
      if (this.subject.current() !== 'unknown') this.#end(this.#absence())
      return
    }
    try {
      const sample = source.sample()
      this.#isGone = false
      if (sample === undefined) return
      this.#reading = { sample, figures: this.#normalizer.push(sample) }
      this.#sourceName = source.name
      this.#tell(`${this.#naming?.what}, read through ${source.name}`)
    } catch (error) {
      if (!(error instanceof ProcessGone)) throw error
      this.close()
      this.#end(`${this.#naming?.what} has ended`)
      this.subject.ended()
    }
  }

  #absence(): string {
    return this.#naming === undefined ? this.subject.absence : this.#naming.unseen
  }

  #end(why: string): void {
    if (!this.#isGone) this.#tell(why)
    this.#isGone = true
    this.#reading = undefined
  }

  #tell(what: string): void {
    if (what === this.#told) return
    this.#told = what
    this.#log(`${this.subject.name}: ${what}`)
  }
}
