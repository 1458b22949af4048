import type { StatePoint } from '../agents/report.ts'
import type { Metered } from './balance/meter.ts'
import { pointOf } from './state/vector.ts'
import type { Work } from './state/work.ts'

/** What an explanation needs of a candidate. */
type Candidate = Metered & { readonly id: string; readonly reportedAtMs: number }

/** Why one call went where it went, with the numbers of that moment. */
export type Explanation = {
  readonly node: string
  readonly strategy: string
  /** What the chosen node would cost with the call on it, by the strategy's own measure. */
  readonly distance: number
  readonly runnerUp: { readonly node: string; readonly distance: number } | null
  /** The point the strategy believed in, and how old the report behind it was. */
  readonly state: StatePoint | null
  readonly reportAgeMs: number | null
  /** What the call is taken to cost, milliseconds of CPU and of disk. */
  readonly work: { readonly key: string; readonly cpuMs: number; readonly diskMs: number }
  /** Milliseconds that it waited at the proxy for a node with room. */
  readonly heldMs: number
  /** How much the strategy knows of the chosen node; null where it goes by nothing. */
  readonly rung: string | null
  /** Nodes asked, this one included. */
  readonly tries: number
}

/** Takes the numbers down; must run before the call is counted on `chosen`. */
export function explain(
  strategy: string,
  chosen: Candidate,
  among: readonly Candidate[],
  work: Work,
  tries: number,
  heldMs: number,
  nowMs: number,
): Explanation {
  let runnerUp: Explanation['runnerUp'] = null
  for (const candidate of among) {
    if (candidate === chosen) continue
    const distance = candidate.meter.cost(work)
    if (runnerUp === null || distance < runnerUp.distance) {
      runnerUp = { node: candidate.id, distance }
    }
  }
  const state = chosen.meter.predicted()
  return {
    node: chosen.id,
    strategy,
    distance: chosen.meter.cost(work),
    runnerUp,
    state: state === null ? null : pointOf(state),
    reportAgeMs: chosen.reportedAtMs === 0 ? null : nowMs - chosen.reportedAtMs,
    work: { key: work.key, cpuMs: work.cpuMs, diskMs: work.diskMs },
    heldMs,
    rung: chosen.meter.rung?.() ?? null,
    tries,
  }
}

/** The value of `X-Equipoise-Why`: `name=value` separated by `; `. */
export function inWords(why: Explanation): string {
  const state = Object.entries(why.state ?? {}).map(([axis, x]) => `${axis}:${x.toFixed(3)}`)
  return [
    `strategy=${why.strategy}`,
    `distance=${why.distance.toFixed(3)}`,
    why.runnerUp === null
      ? 'runner-up=none'
      : `runner-up=${why.runnerUp.node}:${why.runnerUp.distance.toFixed(3)}`,
    `state=${state.length === 0 ? 'unknown' : state.join(',')}`,
    `age=${why.reportAgeMs === null ? 'none' : `${Math.round(why.reportAgeMs)}ms`}`,
    `cost=${why.work.key}:${why.work.cpuMs.toFixed(2)}+${why.work.diskMs.toFixed(2)}ms`,
    `held=${why.heldMs.toFixed(1)}ms`,
    ...(why.rung === null ? [] : [`rung=${why.rung}`]),
    `tries=${why.tries}`,
  ].join('; ')
}
