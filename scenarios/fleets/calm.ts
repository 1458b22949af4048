import { setTimeout as pause } from 'node:timers/promises'

/** Nodes count as sending at the same time when transactions came to both within this. */
const contentionMs = 50
/** Long enough without one for the last to have reached all nodes. */
const calmMs = 15
/** What part of a block time is waited for a calm moment, and how much at most. */
const maxRatio = 0.25
const maxMs = 250

/**
 * While transactions come to several nodes, waits for a moment in which none does: one that is on
 * its way between two nodes when a block is sealed makes another block of it on one of them.
 * @param lastArrivalsMs when a transaction last came to each node, on `performance.now()`'s clock
 */
export async function calm(
  lastArrivalsMs: () => readonly number[],
  blockTimeMs: number,
  signal: AbortSignal,
): Promise<void> {
  const untilMs = performance.now() + Math.min(maxMs, blockTimeMs * maxRatio)
  while (!signal.aborted) {
    const nowMs = performance.now()
    const agesMs = lastArrivalsMs().map((atMs) => nowMs - atMs)
    if (agesMs.filter((ageMs) => ageMs < contentionMs).length < 2) return
    const waitMs = Math.min(calmMs - Math.min(...agesMs), untilMs - nowMs)
    if (waitMs <= 0) return
    await pause(waitMs)
  }
}
