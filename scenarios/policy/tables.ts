import { formatMs, formatPercent, formatRatio, unknown } from '../report/format.ts'
import type { Table } from '../report/tables.ts'
import { profiles } from './profiles.ts'
import type { Cell, Figure, Ratio, StrategyLine } from './summary.ts'

/** For each profile and load its latencies, its ratios, and how it went for the machine. */
export function tablesOf(cells: readonly Cell[]): readonly Table[] {
  return cells.flatMap((cell) => [latencies(cell), ratios(cell), machine(cell)])
}

function latencies(cell: Cell): Table {
  const { profile, load, ratePerSecond, dropped } = cell
  const about = profiles.get(profile)?.about ?? ''
  return {
    title: `${profile} at ${load}`,
    note: `${about}; ${ratePerSecond.toFixed(0)} calls/s, milliseconds, means over slots (${dropped} dropped).`,
    columns: ['strategy', 'slots', 'mean', 'p50', 'p95', 'p99', 'light p95', 'light p99'].concat([
      'heavy mean',
      'failed',
    ]),
    rows: cell.lines.map((line) => [
      line.strategy,
      String(line.slots),
      ...[line.meanMs, line.p50Ms, line.p95Ms, line.p99Ms, line.lightP95Ms, line.lightP99Ms].map(
        formatMs,
      ),
      formatMs(line.heavyMeanMs),
      String(line.failed),
    ]),
  }
}

const ratioColumns: readonly (readonly [string, Figure])[] = [
  ['mean', 'meanMs'],
  ['p95', 'p95Ms'],
  ['p99', 'p99Ms'],
  ['light p95', 'lightP95Ms'],
  ['light p99', 'lightP99Ms'],
]

function ratios({ profile, load, baseline, lines }: Cell): Table {
  const rivals = lines.filter(({ strategy }) => strategy !== baseline)
  return {
    title: `${profile} at ${load}: ratio to ${baseline}`,
    note: 'Geometric mean over pairs of one seed (95 % interval) [least–most]; ~ adjusted for CPU used ± standard error.',
    columns: ['strategy', 'pairs', ...ratioColumns.map(([name]) => name)],
    rows: rivals.map((line) => [
      line.strategy,
      String(line.pairs),
      ...ratioColumns.map(([, figure]) => ratioText(line.ratios?.[figure] ?? null)),
    ]),
  }
}

function ratioText(ratio: Ratio | null): string {
  if (ratio === null) return unknown
  const { paired, least, most, adjusted } = ratio
  const { value, low, high } = paired
  const interval =
    low === null || high === null ? '' : ` (${formatRatio(low)}–${formatRatio(high)})`
  const range = ` [${formatRatio(least)}–${formatRatio(most)}]`
  const taken =
    adjusted === null ? '' : ` ~${formatRatio(adjusted.value)} ±${adjusted.error.toFixed(2)}`
  return formatRatio(value) + interval + range + taken
}

function machine({ profile, load, lines }: Cell): Table {
  return {
    title: `${profile} at ${load}: the machine`,
    note: "CPU in cores; utilisation is the nodes' CPU ÷ their quotas; late: the generator, 99th percentile.",
    columns: [
      'strategy',
      'nodes',
      'utilisation',
      'proxy',
      'generator',
      'foreign',
      'late ms',
    ].concat(['share of each node']),
    rows: lines.map((line) => [
      line.strategy,
      ...[line.cpuCores].map(cores),
      formatPercent(line.utilisation, 0),
      ...[line.proxyCores, line.generatorCores, line.foreignCores].map(cores),
      line.latenessP99Ms.toFixed(2),
      shares(line),
    ]),
  }
}

function cores(value: number): string {
  return value.toFixed(2)
}

function shares({ shares: all }: StrategyLine): string {
  return all.map((share) => share.toFixed(2)).join(' ')
}
