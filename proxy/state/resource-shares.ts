import type { LearnedWork } from './learned-work.ts'

/** Methods that are told apart; the use of further ones counts as nobody's. */
export const maxShared = 32

/** One more column: what is used whatever is called, for each millisecond. */
const columns = maxShared + 1

/** What is left of old windows at each new one, and how far a share moves towards what they say. */
const kept = 0.9998
const shareGain = 0.05

/** Strength of the belief that a method uses CPU alone, in windows of one call. */
const priorWeight = 16

/** Rounds over all methods at each report. */
const sweeps = 3

/** Variance of what is nobody's, as a share of the capacity squared. */
const noise = 0.002

/** What one node used in a window, and the calls that ended there. */
export type UseWindow = {
  readonly dtMs: number
  readonly cpuMs: number
  readonly diskMs: number
  readonly cores: number
  readonly disks: number
  /** By the index of the method. */
  readonly ended: Float64Array
}

/**
 * Which share of a method's time is the disk's: what nodes used, regressed on the calls that ended
 * there (the utilisation law), by weighted least squares without negative figures, some
 * sweeps a report. Only the ratio of the two resources is taken from it; latencies set the scale. Not
 * regressed on time in flight, which fails at saturation, just when it matters.
 */
export class ResourceShares {
  readonly #cpu = new Regression()
  readonly #disk = new Regression()

  /** @param methods by index */
  observe(window: UseWindow, methods: readonly LearnedWork[]): void {
    const { dtMs, ended, cores, disks } = window
    const count = Math.min(maxShared, methods.length)
    let variance = 1e-9
    for (let m = 0; m < count; m++) variance += (ended[m] ?? 0) * allMs(methods[m]) ** 2
    const ownWeight = (capacity: number): number => 1 / (variance + noise * (capacity * dtMs) ** 2)
    this.#cpu.add(ended, count, dtMs, window.cpuMs, ownWeight(cores))
    this.#disk.add(ended, count, dtMs, window.diskMs, ownWeight(disks))
    for (let sweep = 1; sweep < sweeps; sweep++) this.#sweep(count, methods)
    for (let m = 0; m < count; m++) {
      const work = methods[m]
      if (work === undefined) continue
      const typicalMs = allMs(work)
      const cpuMs = this.#cpu.solve(m, count, typicalMs, typicalMs)
      const diskMs = this.#disk.solve(m, count, typicalMs, 0)
      if (cpuMs + diskMs <= 0) continue
      work.diskShare += shareGain * (diskMs / (cpuMs + diskMs) - work.diskShare)
      work.publish()
    }
    this.#cpu.solveRest(count)
    this.#disk.solveRest(count)
  }

  #sweep(count: number, methods: readonly LearnedWork[]): void {
    for (let m = 0; m < count; m++) {
      const typicalMs = allMs(methods[m])
      this.#cpu.solve(m, count, typicalMs, typicalMs)
      this.#disk.solve(m, count, typicalMs, 0)
    }
    this.#cpu.solveRest(count)
    this.#disk.solveRest(count)
  }
}

function allMs(work: LearnedWork | undefined): number {
  return work === undefined ? 1 : work.cpuMs + work.diskMs
}

/** y = Σ nₘ aₘ + b · dt, of which the sums of squares and products are kept. */
class Regression {
  readonly #products = new Float64Array(columns * columns)
  readonly #targets = new Float64Array(columns)
  readonly #solution = new Float64Array(columns)

  add(ended: Float64Array, count: number, dtMs: number, usedMs: number, weight: number): void {
    const products = this.#products
    const at = (m: number): number => (m === maxShared ? dtMs : (ended[m] ?? 0))
    const line = (m: number): void => {
      const own = at(m)
      for (let q = 0; q < count; q++) this.#add(m * columns + q, weight * own * at(q))
      this.#add(m * columns + maxShared, weight * own * dtMs)
      this.#targets[m] = (this.#targets[m] ?? 0) * kept + weight * own * usedMs
    }
    for (let i = 0; i < products.length; i++) products[i] = (products[i] ?? 0) * kept
    for (let m = 0; m < count; m++) line(m)
    line(maxShared)
  }

  /** Ms of one call of method `m`; `typicalMs` sets how strong the prior is, `priorMs` where. */
  solve(m: number, count: number, typicalMs: number, priorMs: number): number {
    const ridge = priorWeight / typicalMs ** 2
    return this.#sweep(m, count, ridge, ridge * priorMs)
  }

  solveRest(count: number): void {
    this.#sweep(maxShared, count, 1e-9, 0)
  }

  #sweep(m: number, count: number, ridge: number, prior: number): number {
    let rest = (this.#targets[m] ?? 0) + prior
    for (let q = 0; q < count; q++) {
      if (q !== m) rest -= (this.#products[m * columns + q] ?? 0) * (this.#solution[q] ?? 0)
    }
    if (m !== maxShared) {
      rest -= (this.#products[m * columns + maxShared] ?? 0) * (this.#solution[maxShared] ?? 0)
    }
    const solved = Math.max(0, rest / ((this.#products[m * columns + m] ?? 0) + ridge))
    this.#solution[m] = solved
    return solved
  }

  #add(at: number, amount: number): void {
    this.#products[at] = (this.#products[at] ?? 0) + amount
  }
}
