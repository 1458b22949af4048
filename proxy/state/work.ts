/**
 * What kind of call it is, by its method: a `read` waits its turn by size, a `write` never waits
 * behind reads, `background` is what nobody waits for (traces of whole blocks, indexers).
 */
export type WorkKind = 'read' | 'write' | 'background'

/**
 * What one call (or one batch) will use of a node. All calls of a key share one object, whose
 * figures the learner moves: who must give back what was taken keeps the figures it took.
 */
export type Work = {
  /** What calls of like cost have in common, such as `eth_getLogs/7`. */
  readonly key: string
  readonly kind: WorkKind
  /** Milliseconds of CPU on an idle core; above 0. Source: method table, then what was learned. */
  readonly cpuMs: number
  /** Milliseconds of an idle disk; not negative. */
  readonly diskMs: number
}

/** Calls of at most so many milliseconds are light: they end within one run slice of Go's scheduler. */
export const lightMs = 2

/** Whether the call is too small to be worth waiting for a node. */
export function isLight(work: Work): boolean {
  return work.cpuMs + work.diskMs <= lightMs
}

/** Work of CPU alone, as its own key. */
export function cpuWork(cpuMs: number): Work {
  return { key: `cpu/${cpuMs}`, kind: 'read', cpuMs, diskMs: 0 }
}

/** One call in flight, as the one who counts it names it: an index that is used again. */
export type Ticket = number
