import { randomStream, shuffled } from '../load/random.ts'

/** Which slot: two with the same place measure the same. */
export type SlotPlace = {
  readonly profile: string
  readonly load: number
  readonly seed: number
  readonly strategy: string
}

export type ScheduleOptions = {
  readonly profiles: readonly string[]
  readonly loads: readonly number[]
  readonly seeds: readonly number[]
  readonly strategies: readonly string[]
}

/**
 * All slots in the order they are to be measured in: profile by profile, since each takes nodes of its
 * own, and within one seed all strategies right after each other in an order of the seed's own, so
 * that what the machine does meanwhile falls on each alike.
 */
export function schedule(options: ScheduleOptions): readonly SlotPlace[] {
  const { profiles, loads, seeds, strategies } = options
  return profiles.flatMap((profile) =>
    seeds.flatMap((seed) =>
      loads.flatMap((load) =>
        shuffled(strategies, randomStream(seed, `${profile}/${load}/order`)).map((strategy) => ({
          ...{ profile, load, seed, strategy },
        })),
      ),
    ),
  )
}

/** Those at the beginning of `places` that share profile, load and seed with the first. */
export function firstRound(places: readonly SlotPlace[]): readonly SlotPlace[] {
  const [first] = places
  const end = places.findIndex(
    ({ profile, load, seed }) =>
      profile !== first?.profile || load !== first.load || seed !== first.seed,
  )
  return end < 0 ? places : places.slice(0, end)
}
