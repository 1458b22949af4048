import { basename } from 'node:path'
import { formatMoment } from './format.ts'
import { type Pool, pooled, together } from './pool.ts'
import { columnsOf, figures, mean, partsOf, ratioTable, subject } from './ratio-table.ts'
import type { Results } from './results.ts'
import type { Summary } from './summary.ts'
import { isOfToday, mendedNote, withoutMended } from './superseded.ts'
import { headline } from './verdict.ts'

/** A committed run: its folder, from the repository's root, and what its results make. */
export type PublishedRun = { readonly folder: string; readonly summary: Summary }

/** In the order of the tables; others, such as another program, come behind. */
export const rivals = [
  ...['weighted-least-connection', 'least-connection', 'round-robin', 'weighted-round-robin'],
  ...['power-of-two', 'peak-ewma', 'prequal', 'nearest-origin'],
] as const

const sameSpeedNote =
  'The same calls cost up to a fifth more CPU from one minute to the next. Here that is taken out: where the line of log ratio over log CPU that the *generator* took beside the one ÷ beside the other starts (five pairs or more). What a strategy saves the generator itself is taken out with it.'

/** The conditions of all runs, without contenders as they are no more, by workload, profile and load. */
export function poolsOf(runs: readonly PublishedRun[]): readonly Pool[] {
  return pooled(runs.map(({ summary }) => withoutMended(summary.results))).toSorted(byCondition)
}

/** The default as it is today, under every condition of `geth-reads` together; null where there is none. */
export function todayPool(runs: readonly PublishedRun[]): Pool | null {
  const results = runs.map(({ summary }) => withoutMended(summary.results)).filter(isOfToday)
  return together(
    results.filter(({ cells }) => cells.every(({ workload }) => workload === 'geth-reads')),
    'today',
  )
}

function byCondition({ cell: a }: Pool, { cell: b }: Pool): number {
  if (a.workload !== b.workload) return a.workload < b.workload ? -1 : 1
  if (a.profile !== b.profile) return a.profile < b.profile ? -1 : 1
  return (a.load ?? 0) - (b.load ?? 0)
}

/**
 * The subject as a multiple of each rival under each condition, and what was measured in each run, where
 * and when: Markdown, whose links start in the folder that the runs lie in.
 */
export function runsText(pools: readonly Pool[], runs: readonly PublishedRun[]): string {
  const all = new Set(pools.flatMap(({ contenders }) => [...contenders]))
  const parts = partsOf(all)
  const known: readonly string[] = [subject, ...rivals, ...parts]
  const others = [...all].filter((name) => !known.includes(name)).toSorted()
  const columns = [...rivals.filter((rival) => all.has(rival)), ...others]
  const tables = figures.flatMap(([what, figure]) => [
    `## The ${what}`,
    `\`${subject}\` as a multiple of`,
    ratioTable(pools, columnsOf(columns, figure)),
  ])
  const steady = columnsOf(columns, mean).map((column) => ({ ...column, isAtSameSpeed: true }))
  const partTables = figures.flatMap(([what, figure]) => [
    `The ${what}: \`${subject}\` as a multiple of itself with parts switched`,
    ratioTable(pools, columnsOf(parts, figure)),
  ])
  return [
    "Geometric means over paired repeats, those of all runs together (their number behind ×), with 95 % intervals; ↓ shown to be lower, ↑ higher, otherwise no difference shown; ‡ nothing can be shown, because more than one call in a thousand failed, which quantiles leave out; in the mean of all a failed call counts as one that took the time limit; a dash where it was not measured. Where runs differ by more than their pairs, intervals are as much wider (the Particle Data Group's scale factor), but not those with the machine as fast for both.",
    mendedNote,
    ...tables,
    '## The mean of all calls, with the machine as fast for both',
    sameSpeedNote,
    ratioTable(pools, steady),
    ...(parts.length === 0 ? [] : ['## What each part is worth', ...partTables]),
    '## The runs',
    runs.map(runLine).join('\n'),
  ].join('\n\n')
}

function runLine({ folder, summary }: PublishedRun): string {
  const { machine, startedAt, command, cells } = summary.results
  const name = basename(folder)
  const nodes = cells.length === 0 ? '' : conditions(summary.results)
  const said = `${headline(summary)} ${nodes}`.trim()
  return `- [${name}](${name}/report.md): ${said} \`${command}\`, ${machine.cores} cores of ${processorOf(machine.processor)}, Node ${machine.node}, ${formatMoment(startedAt)}.`
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
