import type { Work } from '../state/work.ts'
import type { Metered } from './meter.ts'

/** Chooses among upstreams by what their meters say. One picker serves one strategy and its state. */
export type Picker = {
  /** One of `among`, which is never empty. */
  pick<Candidate extends Metered>(among: readonly Candidate[], work: Work): Candidate
}
