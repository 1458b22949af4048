import type { BenchConfig, Contender } from './config.ts'
import { randomStream, shuffled } from './load/random.ts'
import type { Trial } from './report/results.ts'
import { runTrial } from './run.ts'
import type { Site } from './site.ts'

/** One trial's place in a comparison. */
export type Slot = {
  /** From 1. */
  readonly number: number
  readonly of: number
  readonly contender: Contender
  /** From 0. */
  readonly repeat: number
}

/** Told as a comparison goes on. */
export type ComparisonWatch = {
  readonly signal: AbortSignal
  readonly onSlot: (slot: Slot) => void
  /** Called with all trials so far, after each. */
  readonly onTrials: (trials: readonly Trial[]) => Promise<void>
}

/**
 * Who runs when: each repeat holds every contender once, in an order of its own drawn from the seed,
 * so that whatever drifts with time (the machine's speed most of all) falls on all alike.
 */
export function schedule(config: BenchConfig): readonly Slot[] {
  const random = randomStream(config.seed, 'order')
  const of = config.contenders.length * config.repeats
  const slots: Slot[] = []
  for (let repeat = 0; repeat < config.repeats; repeat += 1) {
    for (const contender of shuffled(config.contenders, random)) {
      slots.push({ number: slots.length + 1, of, contender, repeat })
    }
  }
  return slots
}

/**
 * Runs all trials, one after the other. Within a repeat all contenders get the same calls at the
 * same times, so that they can be compared in pairs.
 *
 * @throws what ends a trial; the trials before it have been given to `onTrials`
 */
export async function compare(
  config: BenchConfig,
  site: Site,
  watch: ComparisonWatch,
): Promise<readonly Trial[]> {
  const trials: Trial[] = []
  for (const slot of schedule(config)) {
    watch.onSlot(slot)
    const { contender, repeat } = slot
    trials.push(await runTrial({ config, contender, repeat }, site, watch.signal))
    await watch.onTrials(trials)
  }
  return trials
}
