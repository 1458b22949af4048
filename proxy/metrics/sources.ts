import type { FleetSnapshot } from '../admin/snapshot.ts'
import type { Contracts } from '../contracts.ts'
import type { CallStats } from '../stats/call-stats.ts'
import type { Histogram } from '../stats/histogram.ts'

/** What the metrics need of an upstream beyond its {@link NodeSnapshot}. */
export type NodeMetrics = {
  readonly id: string
  /** Round trips of the calls sent to it, seconds. */
  readonly durations: Histogram
  /** Failed calls by reason (`timeout`, `refused`, `bad-answer` …); `Counts` is one that is bounded. */
  readonly errors: Iterable<readonly [string, number]>
  /** Reports of its load that came with its answers. */
  readonly load: { readonly taken: number; readonly refused: number }
}

/** What the metrics need of one agent, be it read or does it push. */
export type AgentMetrics = {
  /** The host as the agent names it, or the agent's configured id before its first line. */
  readonly host: string
  /** True while its stream is open, or its last report is not long ago. */
  readonly up: boolean
  /** Milliseconds since its last line; null before the first. */
  readonly reportAgeMs: number | null
  /** Lines read. */
  readonly reports: number
  /** Lines missed, by the gaps in `seq`. */
  readonly gaps: number
  /** Lines that were no reports. */
  readonly refused: number
}

/** What the metrics need of the writes. */
export type LedgerMetrics = {
  readonly journal: {
    /** Each state with the transactions that are in it, zeros included. */
    countByState(): Iterable<readonly [string, number]>
    /** The file lacks something that the disk did not take. */
    readonly isBehind: boolean
  }
  /** Transactions offered again. */
  readonly offered: number
}

/** What the metrics need of what clients are told over time. */
export type StreamMetrics = {
  readonly filters: {
    /** Filters there are, by kind. */
    readonly live: Iterable<readonly [string, number]>
    /** Filters that are no more, by reason. */
    readonly ended: Iterable<readonly [string, number]>
  }
  readonly subscriptions: {
    /** Subscriptions of clients, by kind. */
    readonly live: Iterable<readonly [string, number]>
    /** Connections ended because not all could be told on them, by reason. */
    readonly cutOff: Iterable<readonly [string, number]>
    /** Behind them, subscriptions at nodes. */
    readonly load: { readonly feeds: number }
  }
  /** Stretches of the chain that could not be told. */
  readonly gaps: number
}

/** Where a scrape reads from. Each is called once a scrape. */
export type Sources = {
  snapshot(): FleetSnapshot
  nodes(): readonly NodeMetrics[]
  agents(): readonly AgentMetrics[]
  /** Pushed reports that were refused, by reason. */
  pushes(): Iterable<readonly [string, number]>
  /** Calls placed by each strategy since the start. */
  decisions(): Iterable<readonly [string, number]>
  /** How long calls waited for a node with room, seconds. */
  readonly held: Histogram
  readonly calls: CallStats
  readonly contracts: Contracts
  readonly ledger: LedgerMetrics
  readonly streams: StreamMetrics
}

/** All that one scrape shows, read at one moment. */
export type Scrape = {
  readonly fleet: FleetSnapshot
  readonly nodes: readonly NodeMetrics[]
  readonly agents: readonly AgentMetrics[]
  readonly pushes: Iterable<readonly [string, number]>
  readonly decisions: Iterable<readonly [string, number]>
  readonly held: Histogram
  readonly calls: CallStats
  readonly contracts: Contracts
  readonly ledger: LedgerMetrics
  readonly streams: StreamMetrics
  /** Lateness of this process's event loop, seconds. */
  readonly lag: Histogram
}
