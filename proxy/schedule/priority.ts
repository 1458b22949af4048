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
