/**
 * What is believed of one node besides its calls in flight: what it may use, and what others leave
 * of it. Written by its observer; the physics read it.
 */
export type NodeBelief = {
  /** Cores it may use, above 0: quota ÷ period, or what was declared. */
  cores: number
  /** Requests its disk serves at once at full speed, above 0. */
  disks: number
  /** Cores that others use within its limits now, and cores its host does not give it. */
  othersCores: number
  lostCores: number
  /**
   * CPU that it uses in a millisecond in which a call is believed to run, above 0: below 1 where its
   * host lets it wait ({@link import('./costs.ts')}).
   */
  draw: number
  /** Requests of others that are at its disk now. */
  othersDisks: number
  /** Milliseconds of a call of no cost; not negative. */
  rttMs: number
  /** Calls that failed within the last second, and their CPU cost: {@link import('./failures.ts')}. */
  failedCalls: number
  failedMs: number
  /** Share of its capacity that it is trusted with, in (0, 1]: below 1 after a return. */
  trust: number
}

/** However much others take, so much of the cores is ours: the kernel shares fairly. */
const leastShare = 0.08

/** Cores that all who run on it share, above 0. */
export function coresThere(belief: NodeBelief): number {
  return trusted(belief, belief.cores - belief.lostCores)
}

/** Cores left for our calls where others take theirs first, above 0. */
export function coresLeft(belief: NodeBelief): number {
  return trusted(belief, belief.cores - belief.othersCores - belief.lostCores)
}

function trusted({ cores, trust }: NodeBelief, left: number): number {
  return Math.max(leastShare * cores, left) * trust
}
