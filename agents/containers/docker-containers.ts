import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Clock } from '../clock.ts'
import { type Container, type ContainerTable, isSelected, type Selector } from './container.ts'
import type { Engine, ListedContainer } from './engine.ts'

export type DockerContainersOptions = {
  /** What the engine is called in what people are told; `docker` without it. */
  readonly name?: string
  readonly engine: Engine
  readonly selectors: readonly Selector[]
  readonly clock: Clock
  readonly log: (line: string) => void
  /** In place of {@link defaultTimes}. */
  readonly times?: Partial<Times>
}

type Times = { readonly [name in keyof typeof defaultTimes]: number }

/** Milliseconds. */
export const defaultTimes = {
  /** All containers are looked at again, in case an event was lost. */
  resyncMs: 30_000,
  /** An engine that does not answer within this is not there. */
  answerMs: 5_000,
  /** Between two tries: full jitter below this, doubled with each failure. */
  firstPauseMs: 100,
  longestPauseMs: 5_000,
} as const satisfies Record<string, number>

/** More containers than this are not kept. */
const maxContainers = 1024

/** The clock of the engine may be that of another machine, and events are only reasons to look. */
const overlapMs = 1_000

/**
 * The containers that a Docker Engine knows: its events say which to look at, and all are looked at
 * now and then. While the engine is away the last that was known of them stands.
 */
export class DockerContainers implements ContainerTable {
  readonly #options: DockerContainersOptions
  readonly #times: Times
  readonly #containers = new Map<string, Container>()
  readonly #doubted = new Set<string>()
  readonly #aborter = new AbortController()
  /** One look after the other, so that an older answer never replaces a newer one. */
  #looking: Promise<void> = Promise.resolve()
  #running: Promise<void> = Promise.resolve()
  #lastEventMs: number
  #version = 0
  #isComplete = false
  #told = ''
  #onChange: () => void = () => {}

  constructor(options: DockerContainersOptions) {
    this.#options = options
    this.#times = { ...defaultTimes, ...options.times }
    this.#lastEventMs = options.clock.wallMs()
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
    this.#running = this.#run()
  }

  doubt(id: string): void {
    if (this.#aborter.signal.aborted || this.#doubted.has(id)) return
    this.#doubted.add(id)
    void this.#inTurn(async () => {
      this.#doubted.delete(id)
      await this.#look(id)
    }).catch((error: unknown) => this.#tell(`cannot be read (${whyOf(error)}); asking again`))
  }

  async close(): Promise<void> {
    this.#aborter.abort()
    await this.#running
    await this.#looking
  }

  /** Follows the engine for as long as the table is open. */
  async #run(): Promise<void> {
    const { signal } = this.#aborter
    const { firstPauseMs, longestPauseMs } = this.#times
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        await this.#follow(() => {
          failures = 0
        })
        this.#tell('ended its events; asking again')
      } catch (error) {
        if (signal.aborted) return
        this.#tell(`cannot be read (${whyOf(error)}); asking again`)
      }
      const boundMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures, 10))
      await pause(boundMs * Math.random(), signal)
    }
  }

  /** Asks for events first and looks at all then, so that nothing is missed in between. */
  async #follow(succeeded: () => void): Promise<void> {
    const stop = new AbortController()
    const signal = AbortSignal.any([this.#aborter.signal, stop.signal])
    const late = setTimeout(() => stop.abort(noAnswer), this.#times.answerMs).unref()
    let resyncing: Promise<void> = Promise.resolve()
    try {
      const events = await this.#options.engine.events(this.#lastEventMs - overlapMs, signal)
      clearTimeout(late)
      await this.#inTurn(() => this.#lookAtAll())
      this.#tell('is read')
      succeeded()
      resyncing = this.#resync(signal).catch((error: unknown) => stop.abort(error))
      for await (const event of events) {
        // An engine that does not say when leaves the time of the last one that did.
        if (event.atMs > this.#lastEventMs) this.#lastEventMs = event.atMs
        if (this.#isWanted(event)) await this.#inTurn(() => this.#look(event.id))
      }
    } catch (error) {
      // A request that was given up says so; why it was given up says more.
      throw stop.signal.aborted ? stop.signal.reason : error
    } finally {
      clearTimeout(late)
      stop.abort(noAnswer)
      await resyncing
    }
  }

  async #resync(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#times.resyncMs, signal)
      if (!signal.aborted) await this.#inTurn(() => this.#lookAtAll())
    }
  }

  #isWanted(listed: ListedContainer): boolean {
    if (this.#containers.has(listed.id)) return true
    return this.#options.selectors.some((selector) => isSelected(listed, selector))
  }

  #inTurn(look: () => Promise<void>): Promise<void> {
    const done = this.#looking.then(look)
    this.#looking = done.catch(() => {})
    return done
  }

  async #lookAtAll(): Promise<void> {
    const listed = await this.#options.engine.list(this.#deadline())
    const wanted = listed.filter((entry) => this.#isWanted(entry)).slice(0, maxContainers)
    const ids = new Set(wanted.map(({ id }) => id))
    for (const id of [...this.#containers.keys()]) if (!ids.has(id)) this.#keep(id, undefined)
    for (const id of ids) await this.#look(id)
    if (this.#isComplete) return
    this.#isComplete = true
    this.#changed()
  }

  async #look(id: string): Promise<void> {
    const found = await this.#options.engine.inspect(id, this.#deadline())
    const isSought =
      found !== undefined && this.#options.selectors.some((selector) => isSelected(found, selector))
    this.#keep(id, isSought ? found : undefined)
  }

  #keep(id: string, found: Container | undefined): void {
    const before = this.#containers.get(id)
    if (isDeepStrictEqual(before, found)) return
    if (found === undefined) this.#containers.delete(id)
    else if (before !== undefined || this.#containers.size < maxContainers) {
      this.#containers.set(id, found)
    }
    this.#changed()
  }

  #changed(): void {
    this.#version += 1
    this.#onChange()
  }

  #deadline(): AbortSignal {
    const late = AbortSignal.timeout(this.#times.answerMs)
    return AbortSignal.any([this.#aborter.signal, late])
  }

  #tell(what: string): void {
    if (what === this.#told || this.#aborter.signal.aborted) return
    this.#told = what
    this.#options.log(`${this.#options.name ?? 'docker'}: ${what}`)
  }
}

const noAnswer = new Error('no answer')

/** Resolves after `ms`, or at once when the signal is raised. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal, ref: false })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 'no answer'
  return error.message.split('\n')[0] ?? error.message
}
