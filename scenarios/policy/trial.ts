import { mkdir } from 'node:fs/promises'
import { defaultStrategy } from '../../proxy/index.ts'
import { generateLoad } from '../load/generator.ts'
import { formatMs } from '../report/format.ts'
import { capacityOf } from './capacity.ts'
import { Ledger } from './ledger.ts'
import { profiles } from './profiles.ts'
import { firstRound, type ScheduleOptions, type SlotPlace, schedule } from './schedule.ts'
import { measureSlot, type Slot } from './slot.ts'
import { openStand, type Stand } from './stand.ts'
import { figuresOf } from './summary.ts'
import type { TrialClient } from './trial-fleet.ts'

export type TrialOptions = ScheduleOptions & {
  readonly client: TrialClient
  /** Holds what was measured; made where it is not there. */
  readonly directory: string
  readonly baseline: string
  readonly warmupMs: number
  readonly durationMs: number
  readonly mostForeignCores: number
  readonly mostLateMs: number
  /** A slot that was dropped so often in one go is left for the next. */
  readonly mostDrops: number
  /** Whether to end after one seed of one profile and load. */
  readonly isOnce: boolean
  /** No slot is begun that would end later than this after the start; null: none is too late. */
  readonly budgetMs: number | null
  readonly tell: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Before the first slot of a proxy, under the default strategy: V8 goes on compiling for seconds, and
 * what calls cost is learned once in a proxy's life, not in each of its slots.
 */
const runInMs = 15_000
/** A slot besides its warm-up and its measured time. */
const betweenSlotsMs = 1_500

/**
 * Measures all slots that `directory` does not hold yet, each into its ledger as soon as it is done.
 * @returns how many are still to be measured
 * @throws Error when a stand fails; the signal's reason when aborted
 */
export async function trial(options: TrialOptions): Promise<number> {
  const { directory, budgetMs, isOnce, signal } = options
  await mkdir(directory, { recursive: true })
  const ledger = await Ledger.open(directory)
  refuseOtherWays(ledger, options)
  const isOpen = (place: SlotPlace): boolean => !ledger.has(place)
  const places = schedule(options).filter(isOpen)
  const untilMs = budgetMs === null ? Number.POSITIVE_INFINITY : performance.now() + budgetMs
  const chosen = isOnce ? firstRound(places) : places
  for (const [profile, own] of Map.groupBy(chosen, (place) => place.profile)) {
    if (!fits(options, untilMs - runInMs)) break
    const work = new Work(options, ledger, untilMs)
    await work.profile(profile, own)
    signal.throwIfAborted()
  }
  return schedule(options).filter(isOpen).length
}

/** Slots of different lengths or nodes would be compared with each other. */
function refuseOtherWays(ledger: Ledger, { client, durationMs, warmupMs }: TrialOptions): void {
  const other = ledger.slots.find(
    (slot) =>
      slot.client !== client || slot.durationMs !== durationMs || slot.warmupMs !== warmupMs,
  )
  if (other === undefined) return
  throw new Error(
    `the folder holds slots of ${other.durationMs / 1000} s on ${other.client} after ${other.warmupMs / 1000} s of warm-up: choose another`,
  )
}

function fits({ warmupMs, durationMs }: TrialOptions, untilMs: number): boolean {
  return performance.now() + warmupMs + durationMs + betweenSlotsMs <= untilMs
}

/** The slots of one profile, on one stand. */
class Work {
  readonly #options: TrialOptions
  readonly #ledger: Ledger
  readonly #untilMs: number

  constructor(options: TrialOptions, ledger: Ledger, untilMs: number) {
    this.#options = options
    this.#ledger = ledger
    this.#untilMs = untilMs
  }

  async profile(name: string, places: readonly SlotPlace[]): Promise<void> {
    const { client, tell, baseline, signal } = this.#options
    const profile = profiles.get(name)
    if (profile === undefined) throw new RangeError(`no profile ${name}`)
    tell(`${name}: ${profile.about}`)
    const stand = await openStand({ client, profile, tell })
    try {
      const perSecond = await capacityOf(
        { ...this.#options, profile, strategy: baseline },
        stand,
        signal,
      )
      await this.#runIn(profile.workload, perSecond, stand)
      for (const [i, place] of places.entries()) {
        if (!(await this.#measured(place, perSecond, stand, `${i + 1}/${places.length}`))) return
      }
    } finally {
      await stand.close()
    }
  }

  /** Load that is not measured. */
  async #runIn(workload: string, perSecond: number, stand: Stand): Promise<void> {
    await stand.choose(defaultStrategy)
    await generateLoad(
      {
        kind: 'open-loop',
        url: stand.url,
        workload,
        facts: stand.facts,
        ...{ seed: 0, stream: 'run-in', ratePerSecond: perSecond / 2, warmupMs: 0 },
        ...{ durationMs: runInMs, maxInFlight: 500, timeoutMs: 5_000 },
      },
      { signal: this.#options.signal },
    )
  }

  /** @returns false when time is up */
  async #measured(
    place: SlotPlace,
    perSecond: number,
    stand: Stand,
    progress: string,
  ): Promise<boolean> {
    const { client, tell, signal, mostForeignCores, mostLateMs, mostDrops } = this.#options
    const { warmupMs, durationMs } = this.#options
    const rules = { mostForeignCores, mostLateMs }
    const profile = profiles.get(place.profile)
    if (profile === undefined) throw new RangeError(`no profile ${place.profile}`)
    const ratePerSecond = perSecond * place.load
    for (let tries = 0; tries < mostDrops; tries += 1) {
      if (!fits(this.#options, this.#untilMs)) return false
      const slot = await measureSlot(
        { ...place, client, profile, ratePerSecond, warmupMs, durationMs, ...rules },
        stand,
        signal,
      )
      await this.#ledger.add(slot)
      tell(`${progress} ${lineOf(slot)}`)
      if (slot.dropped === null) return true
    }
    tell(`${place.strategy}, seed ${place.seed}: left for another time after ${mostDrops} drops`)
    return true
  }
}

function lineOf(slot: Slot): string {
  const { profile, load, seed, strategy, cores, dropped } = slot
  const { meanMs, p99Ms, lightP95Ms } = figuresOf(slot)
  const figures = `mean ${formatMs(meanMs)}, p99 ${formatMs(p99Ms)}, light p95 ${formatMs(lightP95Ms)} ms`
  const used = `${((100 * cores.nodes) / cores.quota).toFixed(0)} % used`
  const verdict = dropped === null ? '' : `; dropped: ${dropped}`
  return `${profile} ${load} seed ${seed} ${strategy}: ${figures}, ${used}${verdict}`
}
