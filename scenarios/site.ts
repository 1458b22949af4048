import type { BenchConfig } from './config.ts'
import type { Contender } from './contenders.ts'
import type { CounterSources } from './measure/counters.ts'
import type { Profile } from './stand/profiles.ts'
import type { ChainFacts } from './workloads/chain.ts'

/** Where trials take place: a fleet of our own behind a proxy, or endpoints that run already. */
export type Site = {
  /** What calls may ask about; the same for all trials. */
  readonly facts: ChainFacts
  /** `web3_clientVersion` of the nodes; null when they do not say. */
  readonly client: string | null
  /** Command lines of the processes of our own, for the report. */
  readonly commands: readonly string[]
  /** What a reader of the results must know about the site, a sentence each; grows as it happens. */
  readonly notes: readonly string[]
  /** A node that may be asked directly how long calls take when it is idle; null where none may. */
  readonly idleUrl: string | null
  /**
   * Makes the site ready for one trial of the contender: what came before has drained, every node is
   * well and reported on, and nothing is left of what another contender has learned.
   */
  prepare(contender: Contender, signal: AbortSignal): Promise<Place>
  /** What the profile disturbs its nodes with begins, the same for the same seed. */
  disturb(seed: number): Promise<void>
  /** It ends. */
  calm(): void
  /** @throws Error when a part of the site has died, so that a trial under way says nothing */
  assertSound(): void
  close(): Promise<void>
}

/** One contender, ready for its trial: where to send the load, and where to count (null: nowhere). */
export type Place = { readonly url: string; readonly sources: CounterSources | null }

/** Opens the site of one profile; `tell` hears what happens meanwhile. Null: the targets. */
export type OpenSite = (
  config: BenchConfig,
  profile: Profile | null,
  tell: (line: string) => void,
  signal: AbortSignal,
) => Promise<Site>
