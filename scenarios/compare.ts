import { measureCell } from './cell.ts'
import type { BenchConfig } from './config.ts'
import type { Cell, Results, Trial } from './report/results.ts'
import { runTrial } from './run.ts'
import { runIn } from './run-in.ts'
import { type CellPlan, type Slot, schedule } from './schedule.ts'
import type { OpenSite, Site } from './site.ts'
import { measureCapacity } from './stand/capacity.ts'
import type { Profile } from './stand/profiles.ts'

/** A slot's place among all that are to be made. */
export type Turn = { readonly number: number; readonly of: number; readonly slot: Slot }

/** Told as a comparison goes on. */
export type ComparisonWatch = {
  readonly openSite: OpenSite
  readonly signal: AbortSignal
  readonly tell: (line: string) => void
  readonly onTurn: (turn: Turn) => void
  /** Called whenever there is more, with what there is. */
  readonly keep: (found: Found) => Promise<void>
}

/** What was found out, by now. */
export type Found = Pick<Results, 'cells' | 'trials' | 'notes' | 'commands'> & {
  readonly client: string | null
}

/** A trial besides its warm-up and its measured time: choosing, draining, counting. */
export const betweenTrialsMs = 1_500

/**
 * Makes all trials that `found` does not hold yet, profile by profile. Within a cell and a repeat all
 * contenders get the same calls at the same times, so that they can be compared in pairs.
 *
 * @throws what ends a trial; what was found before it has been given to `keep`
 */
export class Comparison {
  readonly #config: BenchConfig
  readonly #watch: ComparisonWatch
  readonly #untilMs: number
  readonly #turns: readonly Turn[]
  #found: Found

  /** @param found of an earlier run that this one goes on with, or nothing */
  constructor(config: BenchConfig, repeats: number, found: Found, watch: ComparisonWatch) {
    this.#config = config
    this.#watch = watch
    this.#found = found
    this.#untilMs = performance.now() + (config.budgetMs ?? Number.POSITIVE_INFINITY)
    const slots = schedule(config, repeats)
    this.#turns = slots.map((slot, i) => ({ number: i + 1, of: slots.length, slot }))
  }

  /** How many trials are still to be made. */
  get left(): number {
    return this.#turns.filter((turn) => this.#isOpen(turn)).length
  }

  async run(): Promise<void> {
    const all = this.#turns.filter((turn) => this.#isOpen(turn))
    const open = this.#config.isOnce ? firstRound(all) : all
    for (const [profile, turns] of Map.groupBy(open, ({ slot }) => slot.cell.profile)) {
      if (!this.#fits()) return
      await this.#profile(profile, turns)
    }
  }

  async #profile(profile: Profile | null, turns: readonly Turn[]): Promise<void> {
    const { openSite, tell, signal } = this.#watch
    const site = await openSite(this.#config, profile, tell, signal)
    try {
      await this.#keep({
        client: site.client,
        commands: [...new Set([...this.#found.commands, ...site.commands])],
      })
      const plans = [...new Set(turns.map(({ slot }) => slot.cell))]
      for (const plan of plans) await this.#cell(plan, site)
      // Nothing is warmed up that is not ours.
      const byWorkload = profile === null ? [] : Map.groupBy(plans, ({ workload }) => workload)
      for (const [, [plan]] of byWorkload) if (plan !== undefined) await this.#runIn(plan, site)
      for (const turn of turns) {
        if (!(await this.#turn(turn, site))) return
      }
    } finally {
      await this.#keep({ notes: [...new Set([...this.#found.notes, ...site.notes])] })
      await site.close()
    }
  }

  /** Finds out what a cell is, unless that is known. */
  async #cell(plan: CellPlan, site: Site): Promise<void> {
    const { tell, signal } = this.#watch
    const known = this.#found.cells.find(({ id }) => id === plan.id)
    if (known !== undefined) return
    const alike = this.#found.cells.find(
      ({ profile, workload }) => profile === plan.profile?.name && workload === plan.workload,
    )
    const label = `${plan.profile?.name ?? 'targets'}, ${plan.workload}`
    const order = { config: this.#config, workload: plan.workload, tell, label }
    const capacity =
      plan.load === null ? null : (alike?.capacity ?? (await measureCapacity(order, site, signal)))
    const cell = await measureCell({ config: this.#config, plan, capacity, alike }, site, signal)
    await this.#keep({ cells: [...this.#found.cells, cell] })
  }

  async #runIn(plan: CellPlan, site: Site): Promise<void> {
    const cell = this.#cellOf(plan)
    const { tell, signal } = this.#watch
    await runIn({ config: this.#config, plan, cell, tell }, site, signal)
  }

  /** @returns false when time is up */
  async #turn(turn: Turn, site: Site): Promise<boolean> {
    const { onTurn, tell, signal } = this.#watch
    const { mostTries, keepsDisturbed } = this.#config.rules
    const { slot } = turn
    const cell = this.#cellOf(slot.cell)
    for (let tries = 1; tries <= mostTries; tries += 1) {
      if (!this.#fits()) return false
      onTurn(turn)
      const countsAnyway = keepsDisturbed && tries === mostTries
      const trial = await runTrial({ config: this.#config, slot, cell, countsAnyway }, site, signal)
      await this.#keep({ trials: [...this.#found.trials, trial] })
      if (trial.dropped === null) return true
      tell(`${slot.contender.name}, repeat ${slot.repeat + 1}: not counted, ${trial.dropped}`)
    }
    return true
  }

  #cellOf({ id }: CellPlan): Cell {
    const cell = this.#found.cells.find((one) => one.id === id)
    if (cell === undefined) throw new RangeError(`no cell ${id}`)
    return cell
  }

  #isOpen({ slot }: Turn): boolean {
    return !this.#found.trials.some((trial) => isOf(trial, slot))
  }

  #fits(): boolean {
    const { warmupMs, durationMs } = this.#config
    return performance.now() + warmupMs + durationMs + betweenTrialsMs <= this.#untilMs
  }

  async #keep(more: Partial<Found>): Promise<void> {
    this.#found = { ...this.#found, ...more }
    await this.#watch.keep(this.#found)
  }
}

/** Those of the first turn's cell and repeat. */
function firstRound(turns: readonly Turn[]): readonly Turn[] {
  const first = turns[0]?.slot
  return turns.filter(({ slot }) => slot.cell === first?.cell && slot.repeat === first.repeat)
}

/** Whether a trial is a slot's, and counts. */
function isOf({ cell, contender, repeat, dropped }: Trial, slot: Slot): boolean {
  return (
    dropped === null &&
    cell === slot.cell.id &&
    contender === slot.contender.name &&
    repeat === slot.repeat
  )
}
