import {
  type CounterSources,
  type Counters,
  readCounters,
  type Use,
  useBetween,
} from './counters.ts'

/** The counters of a stand at the begin and at the end of what is measured. */
export class CounterWindow {
  readonly #sources: CounterSources | null
  readonly #readings: Promise<Counters>[] = []

  /** @param sources null: nothing can be counted */
  constructor(sources: CounterSources | null) {
    this.#sources = sources
  }

  /** Called twice, when it begins and when it ends. */
  pass(): void {
    if (this.#sources === null) return
    const reading = readCounters(this.#sources)
    reading.catch(() => {}) // Told by `use`, where it is awaited.
    this.#readings.push(reading)
  }

  /** @returns null where nothing can be counted @throws Error when a counter could not be read */
  async use(): Promise<Use | null> {
    if (this.#sources === null) return null
    const [begin, end] = await Promise.all(this.#readings)
    if (begin === undefined || end === undefined) throw new Error('the load had no measured window')
    return useBetween(begin, end)
  }
}
