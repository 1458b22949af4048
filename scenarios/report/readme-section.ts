import { basename } from 'node:path'
import { difference } from '../measure/statistics.ts'
import { arrows, formatEstimate, formatMoment, formatRatio, unknown } from './format.ts'
import { tableLines } from './markdown.ts'
import { type Figure, type Pool, pooled } from './pool.ts'
import type { Results } from './results.ts'
import type { Summary } from './summary.ts'
import { headline } from './verdict.ts'

/** A committed run: its folder, as README links to it, and what its results make. */
export type PublishedRun = { readonly folder: string; readonly summary: Summary }

/** What README is about. */
const subject = 'state-space'
const sections = {
  margins: ['<!-- margins: made by npm run results -->', '<!-- /margins -->'],
  results: ['<!-- results: made by npm run results -->', '<!-- /results -->'],
} as const
/** Who is named on the first screen: what users run today, and the strongest of the simple ones. */
const named = ['round-robin', 'least-connection', 'weighted-least-connection'] as const
/** In the order of the tables; others, such as another program, come behind. */
const rivals = [
  ...['weighted-least-connection', 'least-connection', 'round-robin', 'weighted-round-robin'],
  ...['power-of-two', 'peak-ewma', 'prequal', 'nearest-origin'],
] as const
const mean: Figure = { label: null, measure: 'mean' }
const figures: readonly (readonly [string, Figure])[] = [
  ['Mean of all calls', mean],
  ['p99 of all calls', { label: null, measure: 'p99' }],
  ['p95 of light calls', { label: 'light', measure: 'p95' }],
]
/** The load that the first screen shows, where there are several. */
const shownLoad = 0.7

/** README with what it says of results made anew. @throws Error when it has no place for it */
export function withResults(readme: string, runs: readonly PublishedRun[]): string {
  const pools = pooled(runs.map(({ summary }) => summary.results)).toSorted(byCondition)
  const withMargins = withSection(readme, sections.margins, margins(pools))
  return withSection(withMargins, sections.results, results(pools, runs))
}

function withSection(readme: string, [begin, end]: readonly [string, string], text: string) {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from < 0 || to < from) throw new Error(`README has no ${begin} … ${end}`)
  return `${readme.slice(0, from)}${begin}\n\n${text}\n\n${readme.slice(to)}`
}

function byCondition({ cell: a }: Pool, { cell: b }: Pool): number {
  if (a.workload !== b.workload) return a.workload < b.workload ? -1 : 1
  if (a.profile !== b.profile) return a.profile < b.profile ? -1 : 1
  return (a.load ?? 0) - (b.load ?? 0)
}

/** The mean of all calls as a multiple of the named rivals', at one load of each profile and workload. */
function margins(pools: readonly Pool[]): string {
  const apart = ({ cell }: Pool) => Math.abs((cell.load ?? shownLoad) - shownLoad)
  const shown = pools.filter((pool) =>
    pools.every(
      (other) =>
        other.cell.profile !== pool.cell.profile ||
        other.cell.workload !== pool.cell.workload ||
        apart(other) >= apart(pool),
    ),
  )
  return [
    `Mean latency of \`${subject}\` on four real Geths under CPU quotas, as a multiple of`,
    ratioTable(shown, named, mean),
    'By profile, workload and load; geometric means over pairs (their number behind ×) with 95 % intervals; ↓ shown to be lower, ↑ higher, otherwise no difference shown. Two cores for all, which the host shares with others: [how, and what else](#what-they-are-worth).',
  ].join('\n\n')
}

/**
 * The subject as a multiple of each rival under each condition, and what was measured in each run, where
 * and when.
 */
function results(pools: readonly Pool[], runs: readonly PublishedRun[]): string {
  const all = new Set(pools.flatMap(({ contenders }) => [...contenders]))
  const parts = [...all].filter((name) => name.startsWith(`${subject}:`)).toSorted()
  const known: readonly string[] = [subject, ...rivals, ...parts]
  const others = [...all].filter((name) => !known.includes(name)).toSorted()
  const columns = [...rivals.filter((rival) => all.has(rival)), ...others]
  const tables = figures.flatMap(([what, figure]) => [
    `${what}: \`${subject}\` as a multiple of`,
    ratioTable(pools, columns, figure),
  ])
  const partTable = [
    `Mean of all calls: \`${subject}\` as a multiple of itself with parts switched`,
    ratioTable(pools, parts, mean),
  ]
  return [
    'Geometric means over paired repeats, those of all runs below together (their number behind ×), with 95 % intervals; ↓ shown to be lower, ↑ higher, otherwise no difference shown; a dash where it was not measured.',
    ...tables,
    ...(parts.length === 0 ? [] : partTable),
    'The runs, each with its whole report:',
    runs.map(runLine).join('\n'),
  ].join('\n\n')
}

/** Conditions by rivals, those without a figure left out. */
function ratioTable(pools: readonly Pool[], columns: readonly string[], figure: Figure): string {
  const rows = pools.map((pool) => [
    `\`${pool.cell.id}\``,
    ...columns.map((rival) => ratio(pool, rival, figure)),
  ])
  return tableLines(
    ['', ...columns.map((rival) => `\`${rival}\``)],
    rows.filter((row) => row.slice(1).some((text) => text !== unknown)),
  )
}

function ratio(pool: Pool, rival: string, figure: Figure): string {
  const found = pool.ratio(subject, rival, figure)
  if (found === null) return unknown
  const arrow = found.isFair ? arrows[difference(found.ratio)] : ''
  return `${formatEstimate(found.ratio, formatRatio)}${arrow} ×${found.pairs}`
}

function runLine({ folder, summary }: PublishedRun): string {
  const { machine, startedAt, command, cells } = summary.results
  const nodes = cells.length === 0 ? '' : conditions(summary.results)
  const said = `${headline(summary)} ${nodes}`.trim()
  return `- [${basename(folder)}](${folder}/report.md): ${said} \`${command}\`, ${machine.cores} cores of ${processorOf(machine.processor)}, Node ${machine.node}, ${formatMoment(startedAt)}.`
}

function conditions({ parameters, trials }: Results): string {
  const counted = trials.filter(({ dropped }) => dropped === null).length
  const disturbed = trials.filter((trial) => trial.disturbed !== null).length
  const nodes = parameters.profiles.map(({ name, about }) => `${name}: ${about}`).join('; ')
  const note =
    disturbed === 0
      ? ''
      : ` ${disturbed} of its ${counted} trials were disturbed and count all the same.`
  return nodes === '' ? note : `Nodes: ${parameters.fleet}, ${nodes}.${note}`
}

/** Without the marks of its maker. */
function processorOf(name: string): string {
  return name.replaceAll(/\((?:R|TM)\)/g, '')
}
