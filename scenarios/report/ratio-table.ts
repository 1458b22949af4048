import { difference } from '../measure/statistics.ts'
import { arrows, formatEstimate, formatRatio, unknown } from './format.ts'
import { tableLines } from './markdown.ts'
import type { Figure, Pool } from './pool.ts'

/** Behind a ratio of which nothing is shown, because calls failed that the figure leaves out. */
export const unfair = ' ‡'

/** What the published tables are about. */
export const subject = 'state-space'
/** The mean latency of all calls, the first figure of every table. */
export const mean: Figure = { label: null, measure: 'mean' }
/** The figures that are published, with their names. */
export const figures: readonly (readonly [string, Figure])[] = [
  ['mean of all calls', mean],
  ['p99 of all calls', { label: null, measure: 'p99' }],
  ['p95 of light calls', { label: 'light', measure: 'p95' }],
]

/** A column of a published table: a figure of the subject as a multiple of a rival's. */
export type RatioColumn = {
  readonly head: string
  readonly rival: string
  readonly figure: Figure
  /** With the speed of the machine taken out, see {@link Pool.ratioAtSameSpeed}. */
  readonly isAtSameSpeed?: boolean
}

/** The subject with parts switched, among those who take part. */
export function partsOf(contenders: Iterable<string>): readonly string[] {
  return [...contenders].filter((name) => name.startsWith(`${subject}:`)).toSorted()
}

/** One figure as a multiple of each rival's, named by them. */
export function columnsOf(rivals: readonly string[], figure: Figure): readonly RatioColumn[] {
  return rivals.map((rival) => ({ head: `\`${rival}\``, rival, figure }))
}

/** A Markdown table of conditions by columns, the conditions without any figure left out. */
export function ratioTable(pools: readonly Pool[], columns: readonly RatioColumn[]): string {
  const rows = pools.map((pool) => [
    `\`${pool.cell.id}\``,
    ...columns.map((column) => ratio(pool, column)),
  ])
  return tableLines(
    ['', ...columns.map(({ head }) => head)],
    rows.filter((row) => row.slice(1).some((text) => text !== unknown)),
  )
}

/** A Markdown table of rivals by the published figures, over all that is in the pool. */
export function rivalTable(pool: Pool, rivals: readonly string[]): string {
  return tableLines(
    ['', ...figures.map(([name]) => name)],
    rivals.map((rival) => [
      `\`${rival}\``,
      ...figures.map(([head, figure]) => ratio(pool, { head, rival, figure })),
    ]),
  )
}

function ratio(pool: Pool, { rival, figure, isAtSameSpeed = false }: RatioColumn): string {
  const found = isAtSameSpeed
    ? pool.ratioAtSameSpeed(subject, rival, figure)
    : pool.ratio(subject, rival, figure)
  if (found === null) return unknown
  const arrow = found.isFair ? arrows[difference(found.ratio)] : unfair
  return `${formatEstimate(found.ratio, formatRatio)}${arrow} ×${found.pairs}`
}
