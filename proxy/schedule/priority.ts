import { isLight, type Work } from '../state/work.ts'

/**
 * Milliseconds by which one millisecond of work puts a call back: among calls of 5 and 40 ms the
 * short one goes first unless the long one has waited 280 ms longer, so none starves. 8 is what was
 * measured on real nodes; against 0 (first come, first served) it could not be told apart.
 */
export const agingFactor = 8

/** What nobody waits for stands behind every read that came up to so much later; milliseconds. */
export const backgroundMs = 500

/**
 * The turn of a call among those that wait: the least goes first. Shortest predicted work first,
 * with aging, because those who come later begin with a later arrival.
 */
export function turnMs(work: Work, arrivedMs: number): number {
  const back = work.kind === 'background' ? backgroundMs : 0
  return arrivedMs + back + agingFactor * (work.cpuMs + work.diskMs)
}

/**
 * Whether the call may be made to wait for a node. Writes never are, so that none stands behind
 * reads; light calls would lose more by waiting than they can gain.
 */
export function mayWait(work: Work): boolean {
  return work.kind !== 'write' && !isLight(work)
}

/** So many light calls that would come while a heavy one runs are worth a node of their own. */
const worthKeeping = 1
/** How long a heavy call leaves that node to them, in multiples of its own work. */
const keptWorks = 3
/** Of two nodes one would be half of the fleet: on two of 0.7 cores the mean was 1.04 of what it was. */
const leastNodes = 3
/**
 * Where more calls wait than this share of the nodes, heavy ones need every node. Simulated, the five profiles
 * at 0.93: p99 0.62 -> 0.59 of weighted least-connection's, light p95 0.36 -> 0.39, mean 0.47 and 0.48.
 */
const mostWaitingShare = 0.5

/**
 * Whether a heavy call leaves the last node without one to light calls: those are most of what
 * comes and wait behind one that needs a hundred times their time. Simulated (`scenarios/simulation`, the five
 * profiles at 0.5, 0.7 and 0.85): light p95 0.56 -> 0.48 of weighted least-connection's, mean 0.74 -> 0.70. Waiting for
 * longer (5, 10 works) keeps light calls better (0.42, 0.40) and raises p99 (0.77, 0.79 for 0.74); to
 * keep two nodes of four raises the mean.
 * @param nodes it may go to
 * @param waiting calls that wait, with this one if it does
 * @param lightPerMs light calls that come in a millisecond
 */
export function keepsOneFor(
  work: Work,
  nodes: number,
  waiting: number,
  heldMs: number,
  lightPerMs: number,
): boolean {
  if (nodes < leastNodes || waiting > mostWaitingShare * nodes) return false
  const workMs = work.cpuMs + work.diskMs
  return lightPerMs * workMs >= worthKeeping && heldMs < keptWorks * workMs
}
