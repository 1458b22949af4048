import type { BenchConfig } from './config.ts'
import type { Contender } from './contenders.ts'
import { randomStream, shuffled } from './load/random.ts'
import type { Profile } from './stand/profiles.ts'

/** One profile, workload and load to compare contenders under. */
export type CellPlan = {
  /** Such as `hetero/mixed-reads/0.7`. */
  readonly id: string
  /** Null: the targets. */
  readonly profile: Profile | null
  readonly workload: string
  /** Share of the capacity; null where the rate is given. */
  readonly load: number | null
}

/** One trial's place in a comparison; two with the same cell, repeat and contender measure the same. */
export type Slot = {
  readonly cell: CellPlan
  readonly contender: Contender
  /** From 0. */
  readonly repeat: number
}

/** All cells, profile by profile, since each takes nodes of its own. */
export function cellsOf(config: BenchConfig): readonly CellPlan[] {
  const profiles = config.profiles.length === 0 ? [null] : config.profiles
  const loads = config.loads.length === 0 ? [null] : config.loads
  return profiles.flatMap((profile) =>
    config.workloads.flatMap((workload) =>
      loads.map((load) => ({
        id: `${profile?.name ?? 'targets'}/${workload}/${load ?? `${config.ratePerSecond} a second`}`,
        ...{ profile, workload, load },
      })),
    ),
  )
}

/**
 * Who runs when: each repeat holds every cell of a profile once, and in it every contender once, right
 * after each other in an order that is drawn from the seed for each two repeats, and the other way round in
 * the second. So whatever drifts with time (the machine's speed most of all) falls on all alike, and of two
 * contenders neither finds more often what the other has left in caches.
 */
export function schedule(config: BenchConfig, repeats: number): readonly Slot[] {
  const byProfile = Map.groupBy(cellsOf(config), ({ profile }) => profile)
  return [...byProfile.values()].flatMap((cells) =>
    Array.from({ length: repeats }, (_, repeat) =>
      cells.flatMap((cell) => {
        const random = randomStream(config.seed, `order/${cell.id}/${repeat - (repeat % 2)}`)
        const drawn = shuffled(config.contenders, random)
        const order = repeat % 2 === 1 ? drawn.toReversed() : drawn
        return order.map((contender) => ({ ...{ cell, contender, repeat } }))
      }),
    ).flat(),
  )
}
