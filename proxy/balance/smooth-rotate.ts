import type { Work } from '../state/work.ts'
import type { Metered } from './meter.ts'
import type { Picker } from './picker.ts'

/**
 * Takes each in turn as often as its weight says, evenly spread: smooth weighted round-robin. The
 * weight w is 1 ÷ cost. Every candidate gains its w, the one with the most is taken and loses the
 * sum of all w: weights 5, 1, 1 give a a b a c a a and not a a a a a b c.
 *
 * @see nginx, `ngx_http_upstream_get_peer`: the same rule, there with whole weights.
 */
export class SmoothRotate implements Picker {
  readonly #gained = new WeakMap<Metered, number>()

  pick<Candidate extends Metered>(among: readonly Candidate[], work: Work): Candidate {
    let best: Candidate | undefined
    let most = Number.NEGATIVE_INFINITY
    let sum = 0
    for (let i = 0; i < among.length; i++) {
      const candidate = among[i]
      if (candidate === undefined) continue
      const weight = 1 / candidate.meter.cost(work)
      const gained = (this.#gained.get(candidate) ?? 0) + weight
      this.#gained.set(candidate, gained)
      sum += weight
      if (gained <= most) continue
      best = candidate
      most = gained
    }
    if (best === undefined) throw new RangeError('nothing to pick from')
    this.#gained.set(best, most - sum)
    return best
  }
}
