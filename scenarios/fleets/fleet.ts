import type { LogRing } from './log-ring.ts'

/** One node of a fleet: a process that speaks JSON-RPC over HTTP. */
export type FleetNode = {
  /** Such as `anvil-1`; the same for the life of the fleet. */
  readonly id: string
  /** `http://127.0.0.1:PORT`; the same after a restart. */
  readonly url: string
  /** Its process id, or null while it is down. */
  pid(): number | null
  /** The CPU quota it runs under, in cores; null without one. */
  readonly cpus: number | null
  /** A file that holds its process id while it is up; a restart writes it anew. */
  readonly pidFile: string
  /** The command line it is started with. */
  readonly commandLine: string
  /** What it has said. */
  readonly log: LogRing
  /** Its data directory on this machine, if it keeps its chain in one. */
  readonly datadir?: string
}

/** Nodes on one chain. */
export type Fleet = {
  readonly chainId: number
  readonly nodes: readonly FleetNode[]
  /** Ends one node as `kill -9` does, and leaves it down. @throws RangeError for an unknown id */
  kill(id: string): Promise<void>
  /** Starts a node that is down, and resolves when it has the fleet's head again. */
  restart(id: string): Promise<void>
  /** Its connections stay open, and it answers nothing. */
  freeze(id: string): void | Promise<void>
  thaw(id: string): void | Promise<void>
  /** The node gets no more blocks, and says of itself that nothing is wrong. Not every fleet can. */
  lag?(id: string): void
  /** It gets them again. Resolves when it has the head. */
  catchUp?(id: string): Promise<void>
  /**
   * Replaces the last `depth` blocks by `depth` + 1 others, and says which is the head now.
   * @param builder the node that builds them; any without it
   */
  reorg?(
    depth: number,
    builder?: string,
  ): Promise<{ readonly number: number; readonly hash: string }>
  /** Ends all nodes. Resolves when none is left. */
  close(): Promise<void>
}

/** What happens to a fleet while it runs. `text` says it in one line, for people. */
export type FleetEvent = {
  readonly kind: /** A node's process ended. `asked` tells whether by {@link Fleet.kill}. */
    | 'node-died'
    /** A node was replayed to the head and takes part again. */
    | 'node-back'
    /** A node could not follow, or follows again; it is brought up to the head by itself. */
    | 'node-late'
    /** A block that a node may have shown is replaced by another: to clients, a reorganisation. */
    | 'node-corrected'
    /** Something that needs no action. */
    | 'note'
    /** The chain goes no further: a node's block differs and cannot be put right. */
    | 'diverged'
  readonly text: string
  readonly id?: string
  readonly asked?: boolean
}
