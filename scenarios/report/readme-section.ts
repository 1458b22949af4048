import type { LatencyMeasure } from './class-summary.ts'
import { formatEstimate, formatMoment, formatRatio, unknown } from './format.ts'
import { tableLines } from './markdown.ts'
import type { Results } from './results.ts'
import { allCalls, type Summary, summarize } from './summary.ts'
import { headline, shownDifference } from './verdict.ts'

/** A committed run: its folder, as README links to it, and what it holds. */
export type PublishedRun = { readonly folder: string; readonly results: Results }

/** What README is about. */
const subject = 'state-space'
const sections = {
  margins: ['<!-- margins: made by npm run results -->', '<!-- /margins -->'],
  results: ['<!-- results: made by npm run results -->', '<!-- /results -->'],
} as const
/** Who is named on the first screen: what users run today, and the strongest of the simple ones. */
const named = ['round-robin', 'least-connection', 'weighted-least-connection'] as const
const measures = ['p99', 'mean'] as const satisfies readonly LatencyMeasure[]

/** A run, and what it holds with each of the subject's rivals for the baseline. */
type ComparedRun = PublishedRun & { readonly against: ReadonlyMap<string, Summary> }

/** README with what it says of results made anew. @throws Error when it has no place for it */
export function withResults(readme: string, runs: readonly PublishedRun[]): string {
  const compared = runs.map(comparedRun)
  const withMargins = withSection(readme, sections.margins, margins(compared))
  return withSection(withMargins, sections.results, compared.map(runSection).join('\n\n'))
}

function comparedRun(run: PublishedRun): ComparedRun {
  const { parameters } = run.results
  const rivals = parameters.contenders.filter((name) => name !== subject)
  const summaryOf = (baseline: string) =>
    summarize({ ...run.results, parameters: { ...parameters, baseline } })
  return { ...run, against: new Map(rivals.map((rival) => [rival, summaryOf(rival)])) }
}

function withSection(readme: string, [begin, end]: readonly [string, string], text: string) {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from < 0 || to < from) throw new Error(`README has no ${begin} … ${end}`)
  return `${readme.slice(0, from)}${begin}\n\n${text}\n\n${readme.slice(to)}`
}

/** The mean of all calls as a multiple of the named rivals', in all runs on real Geths. */
function margins(runs: readonly ComparedRun[]): string {
  const onGeths = runs.filter(({ results }) => results.parameters.fleet === 'geth')
  const rows = onGeths.flatMap(({ folder, results, against }) =>
    results.cells.map(({ id }) => [
      `[\`${id}\`](${folder}/report.md)`,
      ...named.map((rival) => ratio(against.get(rival), id, rival, 'mean')),
    ]),
  )
  return [
    `Mean latency of \`${subject}\` on four real Geths under CPU quotas, as a multiple of`,
    tableLines(['', ...named.map((name) => `\`${name}\``)], rows),
    'By profile, workload and load; 95 % intervals; ↓ shown to be lower, ↑ higher, otherwise no difference shown. Two cores for all, which the host shares with others: [how, and what else](#what-they-are-worth).',
  ].join('\n\n')
}

/**
 * One run: the subject as a multiple of each rival under each condition, by pairs of repeats; what was
 * measured, where and when, and where the whole report lies.
 */
function runSection({ folder, results, against }: ComparedRun): string {
  const { machine, startedAt, command, cells } = results
  const rivals = [...against]
  const nodes = cells.length === 0 ? '' : conditions(results)
  const tables = measures.map((measure) => [
    `${measure} of all calls: \`${subject}\` as a multiple of`,
    tableLines(
      ['', ...rivals.map(([rival]) => `\`${rival}\``)],
      cells.map(({ id }) => [
        `\`${id}\``,
        ...rivals.map(([rival, summary]) => ratio(summary, id, rival, measure)),
      ]),
    ),
  ])
  return [
    `${headline(summarize(results))} ${nodes}`.trim(),
    ...tables.flat(),
    `Geometric mean over paired repeats (95 % interval); ↓ lower and ↑ higher where that does not hold 1. \`${command}\`, ${machine.cores} cores of ${processorOf(machine.processor)}, Node ${machine.node}, ${formatMoment(startedAt)}; [the whole report](${folder}/report.md).`,
  ].join('\n\n')
}

function ratio(
  summary: Summary | undefined,
  id: string,
  rival: string,
  measure: LatencyMeasure,
): string {
  const cell = summary?.cells.find((one) => one.cell.id === id)
  const own = cell?.contenders.find(({ name }) => name === subject)
  const reference = cell?.contenders.find(({ name }) => name === rival)
  const found = own?.classes.get(allCalls)?.ratios[measure] ?? null
  if (own === undefined || reference === undefined || found === null) return unknown
  const arrows = { lower: ' ↓', higher: ' ↑', none: '' }
  return `${formatEstimate(found, formatRatio)}${arrows[shownDifference(own, reference, found)]}`
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
