import type { Clock } from '../clock.ts'
import type { Rng } from '../rng.ts'
import type { Work } from '../state/work.ts'
import type { Metered } from './meter.ts'
import type { Picker } from './picker.ts'

/**
 * Takes the cheapest of all; among equals each with the same chance, so that an idle fleet is not
 * led by whoever stands first.
 */
export class Cheapest implements Picker {
  readonly #rng: Rng
  readonly #clock: Clock | null

  /** @param clock read once a pick, for meters that go by time */
  constructor(rng: Rng, clock: Clock | null = null) {
    this.#rng = rng
    this.#clock = clock
  }

  pick<Candidate extends Metered>(among: readonly Candidate[], work: Work): Candidate {
    let best = among[0]
    if (best === undefined) throw new RangeError('nothing to pick from')
    const nowMs = this.#clock?.nowMs()
    let least = best.meter.cost(work, nowMs)
    let equals = 1
    for (let i = 1; i < among.length; i++) {
      const candidate = among[i]
      if (candidate === undefined) continue
      const cost = candidate.meter.cost(work, nowMs)
      if (cost > least) continue
      // Reservoir of one: the k-th of k equals replaces the others with chance 1/k.
      equals = cost < least ? 1 : equals + 1
      if (equals > 1 && this.#rng() * equals >= 1) continue
      best = candidate
      least = cost
    }
    return best
  }
}
