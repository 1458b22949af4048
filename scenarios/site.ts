import type { BenchConfig, Contender } from './config.ts'
import type { CounterSources } from './measure/counters.ts'
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
  /**
   * Makes the site ready for one trial of the contender, as fresh as for any other.
   * @returns where to send the load, and where to count (null: nowhere)
   */
  prepare(contender: Contender): Promise<Stand>
  /** @throws Error when a part of the site has died, so that a trial under way says nothing */
  assertSound(): void
  close(): Promise<void>
}

/** One contender, ready for its trial. */
export type Stand = { readonly url: string; readonly sources: CounterSources | null }

/** Opens the site that a configuration asks for; `tell` hears what happens meanwhile. */
export type OpenSite = (
  config: BenchConfig,
  tell: (line: string) => void,
  signal: AbortSignal,
) => Promise<Site>
