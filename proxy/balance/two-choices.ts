import type { Rng } from '../rng.ts'
import type { Work } from '../state/work.ts'
import type { Metered } from './meter.ts'
import type { Picker } from './picker.ts'

/**
 * Draws two at random and takes the cheaper; among equals the one drawn first. Needs no full scan,
 * and does not herd when costs are old.
 *
 * @see Mitzenmacher, The Power of Two Choices in Randomized Load Balancing (IEEE TPDS 12(10), 2001).
 *   Envoy's `LEAST_REQUEST` draws as many by default (`choice_count` 2).
 */
export class TwoChoices implements Picker {
  readonly #rng: Rng

  constructor(rng: Rng) {
    this.#rng = rng
  }

  pick<Candidate extends Metered>(among: readonly Candidate[], work: Work): Candidate {
    const { length } = among
    const at = Math.floor(this.#rng() * length)
    // Another one than the first: drawn from the rest, and moved past the first.
    const drawn = Math.floor(this.#rng() * (length - 1))
    const first = among[at]
    const second = among[drawn >= at ? drawn + 1 : drawn]
    if (first === undefined) throw new RangeError('nothing to pick from')
    if (second === undefined) return first
    const isFirst = first.meter.cost(work) <= second.meter.cost(work)
    first.meter.weighed?.()
    second.meter.weighed?.()
    return isFirst ? first : second
  }
}
