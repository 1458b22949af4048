import type { Clock } from '../clock.ts'
import type { Rng } from '../rng.ts'
import type { Work } from '../state/work.ts'
import type { Metered } from './meter.ts'
import type { Picker } from './picker.ts'
import { ProbePool, poolDefaults } from './probe-pool.ts'
import { ProbedLoad } from './probed-load.ts'

/**
 * Prequal in its asynchronous mode: picks by hot and cold from a pool of probes, and each pick sends
 * three more probes to random nodes, whose answers serve the picks after it. Fewer than two probes in
 * the pool: at random. Who answers the probes, and what they can know, see {@link ProbedLoad}.
 */
export class HotCold implements Picker {
  readonly #pool: ProbePool<Metered>
  readonly #rng: Rng
  readonly #clock: Clock

  constructor(rng: Rng, clock: Clock) {
    this.#pool = new ProbePool(rng)
    this.#rng = rng
    this.#clock = clock
  }

  pick<Candidate extends Metered>(among: readonly Candidate[], _work: Work): Candidate {
    const nowMs = this.#clock.nowMs()
    const best = this.#pool.best(among, nowMs)
    const chosen = among.find((node) => node === best) ?? this.#any(among)
    this.#pool.sentTo(chosen)
    for (let i = 0; i < poolDefaults.removesPerQuery; i++) this.#pool.thin()
    this.#probe(among, chosen, nowMs)
    return chosen
  }

  /** Asks distinct nodes, as many as there are or as each pick may. */
  #probe(among: readonly Metered[], chosen: Metered, nowMs: number): void {
    const wanted = Math.min(poolDefaults.probesPerQuery, among.length)
    let asked = 0
    for (const [i, node] of among.entries()) {
      // Of those left, each with the same chance: Knuth's selection sampling.
      if (this.#rng() * (among.length - i) >= wanted - asked) continue
      asked += 1
      const { meter } = node
      if (!(meter instanceof ProbedLoad)) continue
      // The answer comes when the call just placed is there.
      const coming = node === chosen ? 1 : 0
      const inFlight = meter.cost() + coming
      this.#pool.add(node, inFlight, meter.latencyMs(coming), among.length, nowMs)
    }
  }

  #any<Candidate>(among: readonly Candidate[]): Candidate {
    const chosen = among[Math.floor(this.#rng() * among.length)]
    if (chosen === undefined) throw new RangeError('nothing to pick from')
    return chosen
  }
}
