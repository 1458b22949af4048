import { randomStream } from '../load/random.ts'
import { ratioAtSameSpeed } from '../measure/same-speed.ts'
import { scaleFactor, widened } from '../measure/scale-factor.ts'
import { type Estimate, pairedRatio } from '../measure/statistics.ts'
import { figuresByRepeat, type LatencyMeasure } from './class-summary.ts'
import type { Cell, Results } from './results.ts'
import { serviceOf } from './summary.ts'
import type { Trial } from './trial.ts'
import { isComparable } from './verdict.ts'

/** Which figure of which calls; `label` null for all of them. */
export type Figure = { readonly label: string | null; readonly measure: LatencyMeasure }

/** Two contenders by pairs of repeats. `pairs` above 0. */
export type PooledRatio = {
  readonly ratio: Estimate
  readonly pairs: number
  /** Whether a difference may be called shown: neither has failed calls that others paid for. */
  readonly isFair: boolean
}

/** The trials of all runs under one condition: of a profile, a workload and a load. */
export class Pool {
  readonly cell: Cell
  readonly #runs: Results[] = []
  /** By contender and figure: histograms are slow to decode, and everyone is compared with many. */
  readonly #figures = new Map<string, ReadonlyMap<number, number>>()

  constructor(cell: Cell) {
    this.cell = cell
  }

  add(run: Results): void {
    this.#runs.push(run)
    this.#figures.clear()
  }

  /** Everyone who takes part in any of the runs. */
  get contenders(): ReadonlySet<string> {
    return new Set(this.#runs.flatMap(({ parameters }) => parameters.contenders))
  }

  /**
   * A figure of `contender` as a multiple of `rival`'s. Only trials of one run and repeat are
   * compared: they had the same calls. Where runs differ by more than their pairs, the interval is as
   * much wider ({@link scaleFactor}).
   * @returns null where no run has a pair of them
   */
  ratio(contender: string, rival: string, figure: Figure): PooledRatio | null {
    const { label, measure } = figure
    const mine = this.#figuresOf(contender, figure)
    const others = this.#figuresOf(rival, figure)
    const random = randomStream(1, `pool/${this.cell.id}/${contender}/${rival}/${label}/${measure}`)
    const ratio = pairedRatio(mine, others, random)
    if (ratio === null) return null
    const repeats = [...mine.keys()].filter((repeat) => others.has(repeat))
    const byRun = Map.groupBy(repeats, runOf)
    const logs = [...byRun.values()].map((run) =>
      run.map((repeat) => Math.log((mine.get(repeat) ?? 1) / (others.get(repeat) ?? 1))),
    )
    return {
      ratio: widened(ratio, scaleFactor(logs)),
      pairs: repeats.length,
      isFair: this.#isFair(contender, rival, figure),
    }
  }

  /**
   * The same with the speed of the machine taken out, of which the CPU tells that the generator took
   * for the same calls.
   * @returns null with too few pairs, see {@link ratioAtSameSpeed}, or where that CPU is not known
   */
  ratioAtSameSpeed(contender: string, rival: string, figure: Figure): PooledRatio | null {
    const mine = this.#figuresOf(contender, figure)
    const others = this.#figuresOf(rival, figure)
    const generatorOf = (name: string) =>
      new Map(this.#trials(name).map(({ repeat, generator }) => [repeat, generator.cpuCores]))
    const [myCpu, otherCpu] = [generatorOf(contender), generatorOf(rival)]
    const pairs = [...mine].flatMap(([repeat, value]) => {
      const [other, cpu, beside] = [others.get(repeat), myCpu.get(repeat), otherCpu.get(repeat)]
      if (other === undefined || !cpu || !beside) return []
      return [{ ratio: value / other, cpuRatio: cpu / beside }]
    })
    const ratio = ratioAtSameSpeed(pairs)
    return ratio === null
      ? null
      : { ratio, pairs: pairs.length, isFair: this.#isFair(contender, rival, figure) }
  }

  #isFair(contender: string, rival: string, figure: Figure): boolean {
    if (isBooked(figure)) return true
    return isComparable(serviceOf(this.#trials(contender)), serviceOf(this.#trials(rival)))
  }

  #figuresOf(contender: string, figure: Figure): ReadonlyMap<number, number> {
    const { label, measure } = figure
    const key = `${contender}/${label}/${measure}`
    const known = this.#figures.get(key)
    if (known !== undefined) return known
    const trials = this.#trials(contender)
    const found = new Map(figuresByRepeat(trials, label, measure))
    if (isBooked(figure)) {
      for (const trial of trials) {
        const answeredMs = found.get(trial.repeat)
        if (answeredMs === undefined) continue
        found.set(trial.repeat, meanOfAll(trial, answeredMs, this.#timeoutOf(trial)))
      }
    }
    this.#figures.set(key, found)
    return found
  }

  #timeoutOf({ repeat }: Trial): number {
    return this.#runs[runOf(repeat)]?.parameters.timeoutMs ?? 0
  }

  /** Repeats are numbered anew, so that those of different runs are not taken for pairs. */
  #trials(contender: string): readonly Trial[] {
    return this.#runs.flatMap(({ trials }, run) =>
      trials
        .filter((trial) => trial.dropped === null && trial.cell === this.cell.id)
        .filter((trial) => trial.contender === contender)
        .map((trial) => ({ ...trial, repeat: run * mostRepeats + trial.repeat })),
    )
  }
}

/**
 * Whether calls without a right answer are in the figure: in the mean of all calls each counts as one that
 * took the time limit. Nine in ten thousand that were left out would flatter a mean of 20 ms by 9.
 */
function isBooked({ label, measure }: Figure): boolean {
  return label === null && measure === 'mean'
}

function meanOfAll(trial: Trial, answeredMs: number, timeoutMs: number): number {
  const { sent, succeeded } = serviceOf([trial])
  return (answeredMs * succeeded + timeoutMs * (sent - succeeded)) / sent
}

/** More than any run has. */
const mostRepeats = 100_000

/** The run that a repeat, numbered anew, is of. */
function runOf(repeat: number): number {
  return Math.floor(repeat / mostRepeats)
}

/** The conditions of some runs, each once, in the order in which they are met. */
export function pooled(runs: readonly Results[]): readonly Pool[] {
  const pools = new Map<string, Pool>()
  for (const run of runs) {
    for (const cell of run.cells) {
      const pool = pools.get(cell.id) ?? new Pool(cell)
      pool.add(run)
      pools.set(cell.id, pool)
    }
  }
  return [...pools.values()]
}

/** All conditions of some runs as if they were one: each cell of a run is a run of its own. */
export function together(runs: readonly Results[], id: string): Pool | null {
  let pool: Pool | null = null
  for (const run of runs) {
    for (const cell of run.cells) {
      pool ??= new Pool({ ...cell, id })
      const trials = run.trials.filter((trial) => trial.cell === cell.id)
      pool.add({ ...run, trials: trials.map((trial) => ({ ...trial, cell: id })) })
    }
  }
  return pool
}
