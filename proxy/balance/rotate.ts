import type { Work } from '../state/work.ts'
import type { Metered } from './meter.ts'
import type { Picker } from './picker.ts'

/** Takes each in turn, whatever it costs: round-robin. */
export class Rotate implements Picker {
  #next = 0

  pick<Candidate extends Metered>(among: readonly Candidate[], _work: Work): Candidate {
    this.#next = (this.#next + 1) % among.length
    const chosen = among[this.#next]
    if (chosen === undefined) throw new RangeError('nothing to pick from')
    return chosen
  }
}
