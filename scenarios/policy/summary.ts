import { randomStream } from '../load/random.ts'
import { Latencies } from '../measure/latencies.ts'
import { type Estimate, mean, pairedRatio, sum } from '../measure/statistics.ts'
import { adjustedRatios } from './adjusted.ts'
import type { Slot } from './slot.ts'

/** Figures of latency that strategies are compared by, milliseconds. */
export const figures = ['meanMs', 'p95Ms', 'p99Ms', 'lightP95Ms', 'lightP99Ms'] as const
export type Figure = (typeof figures)[number]

/** How many times the baseline's a figure is: over pairs of one seed, and with the CPU used taken out. */
export type Ratio = {
  readonly paired: Estimate
  /** Of the single pairs. */
  readonly least: number
  readonly most: number
  /** See {@link adjustedRatios}; null with too few slots. */
  readonly adjusted: { readonly value: number; readonly error: number } | null
}

/** One strategy under one profile and load; latencies are means over slots. */
export type StrategyLine = {
  readonly strategy: string
  readonly slots: number
  /** Slots whose seed the baseline has too. */
  readonly pairs: number
  readonly cpuCores: number
  /** CPU used ÷ quotas. */
  readonly utilisation: number
  readonly meanMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly p99Ms: number
  readonly lightP95Ms: number
  readonly lightP99Ms: number
  /** Of all calls but the light ones. */
  readonly heavyMeanMs: number
  readonly failed: number
  readonly proxyCores: number
  readonly generatorCores: number
  readonly foreignCores: number
  /** How late the generator was, 99th percentile. */
  readonly latenessP99Ms: number
  /** Calls of each node ÷ all. */
  readonly shares: readonly number[]
  /** Null without a pair. */
  readonly ratios: Readonly<Record<Figure, Ratio>> | null
}

/** All strategies under one profile and load. */
export type Cell = {
  readonly profile: string
  readonly load: number
  readonly ratePerSecond: number
  readonly baseline: string
  readonly dropped: number
  readonly lines: readonly StrategyLine[]
}

/** One slot as figures. */
export type SlotFigures = Pick<StrategyLine, Figure | 'p50Ms' | 'heavyMeanMs'> & {
  readonly seed: number
  readonly strategy: string
  readonly cpuCores: number
  readonly slot: Slot
}

/** @param baseline the strategy that the others are compared with */
export function summarize(slots: readonly Slot[], baseline: string): readonly Cell[] {
  const cells = Map.groupBy(slots, ({ profile, load }) => `${profile}/${load}`)
  return [...cells.values()].flatMap((all) => {
    const [first] = all
    const sound = all.filter(({ dropped }) => dropped === null).map(figuresOf)
    if (first === undefined) return []
    const { profile, load, ratePerSecond } = first
    const dropped = all.length - sound.length
    const names = [...new Set(sound.map(({ strategy }) => strategy))]
    const inOrder = [baseline, ...names.filter((name) => name !== baseline).sort()]
    const lines = inOrder
      .filter((name) => names.includes(name))
      .map((name) => lineOf(name, baseline, sound))
    return [{ profile, load, ratePerSecond, baseline, dropped, lines }]
  })
}

export function figuresOf(slot: Slot): SlotFigures {
  const latencies = Object.values(slot.classes).map(({ histogram, meanMs }) =>
    Latencies.decode(histogram, meanMs),
  )
  const [light, ...others] = latencies
  const all = Latencies.empty()
  const heavy = Latencies.empty()
  for (const one of latencies) all.add(one)
  for (const one of others) heavy.add(one)
  return {
    seed: slot.seed,
    strategy: slot.strategy,
    cpuCores: slot.cores.nodes,
    slot,
    meanMs: all.meanMs,
    p50Ms: all.percentileMs(50),
    p95Ms: all.percentileMs(95),
    p99Ms: all.percentileMs(99),
    lightP95Ms: light?.percentileMs(95) ?? 0,
    lightP99Ms: light?.percentileMs(99) ?? 0,
    heavyMeanMs: heavy.meanMs,
  }
}

function lineOf(strategy: string, baseline: string, all: readonly SlotFigures[]): StrategyLine {
  const own = all.filter((one) => one.strategy === strategy)
  const over = (value: (one: SlotFigures) => number): number => mean(own.map(value))
  const calls = own.map(({ slot }) => slot.nodes.map((node) => node.calls))
  const total = sum(calls.flat())
  const ratios = Object.fromEntries(
    figures.map((figure) => [figure, ratioOf(figure, strategy, baseline, all)]),
  ) as Record<Figure, Ratio | null>
  const baseSeeds = new Set(all.filter((one) => one.strategy === baseline).map(({ seed }) => seed))
  return {
    strategy,
    slots: own.length,
    pairs: own.filter(({ seed }) => baseSeeds.has(seed)).length,
    cpuCores: over(({ cpuCores }) => cpuCores),
    utilisation: over(({ slot }) => slot.cores.nodes / slot.cores.quota),
    meanMs: over((one) => one.meanMs),
    p50Ms: over((one) => one.p50Ms),
    p95Ms: over((one) => one.p95Ms),
    p99Ms: over((one) => one.p99Ms),
    lightP95Ms: over((one) => one.lightP95Ms),
    lightP99Ms: over((one) => one.lightP99Ms),
    heavyMeanMs: over((one) => one.heavyMeanMs),
    failed: sum(
      own.flatMap(({ slot }) => Object.values(slot.classes).map((one) => one.sent - one.succeeded)),
    ),
    proxyCores: over(({ slot }) => slot.cores.proxy),
    generatorCores: over(({ slot }) => slot.cores.generator),
    foreignCores: over(({ slot }) => slot.cores.foreign),
    latenessP99Ms: over(({ slot }) => slot.lateness.p99Ms),
    shares: (calls[0] ?? []).map((_, i) => sum(calls.map((each) => each[i] ?? 0)) / total),
    ratios: ratios.meanMs === null ? null : (ratios as Record<Figure, Ratio>),
  }
}

function ratioOf(
  figure: Figure,
  strategy: string,
  baseline: string,
  all: readonly SlotFigures[],
): Ratio | null {
  const bySeed = (name: string): ReadonlyMap<number, number> =>
    new Map(all.filter((one) => one.strategy === name).map((one) => [one.seed, one[figure]]))
  const [own, base] = [bySeed(strategy), bySeed(baseline)]
  const paired = pairedRatio(own, base, randomStream(1, `${strategy}/${figure}`))
  if (paired === null) return null
  const pairs = [...own].flatMap(([seed, value]) => {
    const other = base.get(seed)
    return other === undefined ? [] : [value / other]
  })
  const adjusted = adjustedRatios(all, baseline, figure)?.get(strategy) ?? null
  return { paired, least: Math.min(...pairs), most: Math.max(...pairs), adjusted }
}
