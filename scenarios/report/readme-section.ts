import type { Pool } from './pool.ts'
import {
  columnsOf,
  figures,
  mean,
  partsOf,
  type RatioColumn,
  ratioTable,
  rivalTable,
  subject,
} from './ratio-table.ts'
import { type PublishedRun, rivals, runsText } from './runs-text.ts'

/** What is made anew, between these two lines. */
const sections = {
  margins: ['<!-- margins: made by npm run results -->', '<!-- /margins -->'],
  today: ['<!-- today: made by npm run results -->', '<!-- /today -->'],
  worth: ['<!-- worth: made by npm run results -->', '<!-- /worth -->'],
  runs: ['<!-- runs: made by npm run results -->', '<!-- /runs -->'],
} as const
/** Who is named on the first screen: what users run today, and the strongest of the simple ones. */
const named = ['round-robin', 'least-connection', 'weighted-least-connection'] as const
/** The load that the first screen shows, where there are several. */
const shownLoad = 0.7
const legend =
  'geometric means over pairs (their number behind ×) with 95 % intervals; ↓ shown to be lower, ↑ higher, otherwise no difference shown; ‡ nothing can be shown, since calls failed that this leaves out (in the mean of all they count as long as the time limit)'

/**
 * README with what it says of results made anew.
 * @param todays the default as it is today, under all conditions
 * @throws Error when it has no place for it
 */
export function withResults(readme: string, pools: readonly Pool[], todays: Pool | null): string {
  const withMargins = withSection(readme, sections.margins, () => margins(pools))
  const withToday = withSection(withMargins, sections.today, () =>
    todays === null ? 'Not measured.' : today(todays),
  )
  return withSection(withToday, sections.worth, () => worth(pools))
}

/** The README of the committed runs, made anew. @throws Error when it has no place for them */
export function withRuns(
  readme: string,
  pools: readonly Pool[],
  runs: readonly PublishedRun[],
): string {
  return withSection(readme, sections.runs, () => runsText(pools, runs))
}

function withSection(
  readme: string,
  [begin, end]: readonly [string, string],
  text: () => string,
): string {
  const from = readme.indexOf(begin)
  const to = readme.indexOf(end)
  if (from < 0 || to < from) throw new Error(`README has no ${begin} … ${end}`)
  return `${readme.slice(0, from)}${begin}\n\n${text()}\n\n${readme.slice(to)}`
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
    ratioTable(shown, columnsOf(named, mean)),
    `By profile, workload and load; ${legend}. Two cores for all, which the host shares with others: [how, and what else](#what-they-are-worth).`,
  ].join('\n\n')
}

/** The default as a multiple of each rival and of itself with parts switched. */
function today(pool: Pool): string {
  return [
    `The default, \`${subject}\`, as it is today, over all conditions of \`geth-reads\` it was measured under, as a multiple of each rival and of itself with one part switched:`,
    rivalTable(pool, [...rivals, ...partsOf(pool.contenders)]),
  ].join('\n\n')
}

/** The published figures as multiples of the strongest simple rival's, and the mean as one of what users run. */
function worth(pools: readonly Pool[]): string {
  const strongest = figures.map(
    ([head, figure]): RatioColumn => ({ head, rival: 'weighted-least-connection', figure }),
  )
  const steady: RatioColumn = {
    head: 'mean, machine as fast for both',
    rival: 'weighted-least-connection',
    figure: mean,
    isAtSameSpeed: true,
  }
  const usual: RatioColumn = {
    head: "mean, of `least-connection`'s",
    rival: 'least-connection',
    figure: mean,
  }
  return [
    `\`${subject}\` as a multiple of \`weighted-least-connection\`; ${legend}; a dash where it was not measured:`,
    ratioTable(pools, [...strongest, steady, usual]),
  ].join('\n\n')
}
