import { type Difference, difference, type Estimate } from '../measure/statistics.ts'
import type { LatencyMeasure } from './class-summary.ts'
import { formatEstimate, formatMs, formatPercent, formatRatio } from './format.ts'
import { allCalls, type CellSummary, type ContenderSummary, type Summary } from './summary.ts'

/** With a smaller share of right answers a contender's latencies flatter it: the slowest have none. */
const leastSuccess = 0.999

const readings: { readonly [outcome in Difference]: string } = {
  lower: 'shown to be lower',
  higher: 'shown to be higher',
  none: 'no difference shown',
}

/** The answer in a sentence or two, over all cells. */
export function headline(summary: Summary): string {
  const { trials } = summary.results
  const counted = trials.filter(({ dropped }) => dropped === null)
  const disturbed = counted.filter((trial) => trial.disturbed !== null)
  const answer = undisturbedHeadline(summary)
  return 2 * disturbed.length > counted.length
    ? `${answer} Other programs disturbed most of its trials: take it as a first look.`
    : answer
}

function undisturbedHeadline({ results, cells }: Summary): string {
  const [only] = cells
  if (only === undefined) return 'No trial was finished; nothing is compared.'
  if (cells.length === 1) return cellHeadline(only)
  const { baseline, contenders } = results.parameters
  const standings = contenders
    .filter((name) => name !== baseline)
    .flatMap((name) => standingOf(name, cells))
    .toSorted((one, other) => one.ratio - other.ratio)
  const [best] = standings
  if (best === undefined) return `Only ${baseline} has finished trials; nothing is compared.`
  const { name, ratio, lower, higher, of } = best
  const times = `p99 ${formatRatio(ratio)} × that of ${baseline} over ${of} conditions`
  const shown = `shown to be lower in ${lower}, higher in ${higher}, no difference shown in ${of - lower - higher}`
  if (lower === 0) {
    return `No contender is shown to beat ${baseline} under any of ${cells.length} conditions. Nearest to it or below: ${name}, ${times}; ${shown}.`
  }
  return `${name} comes out best: ${times}; ${shown}.`
}

type Standing = {
  readonly name: string
  /** Geometric mean of the p99 ratios over cells. */
  readonly ratio: number
  readonly lower: number
  readonly higher: number
  readonly of: number
}

function standingOf(name: string, cells: readonly CellSummary[]): readonly Standing[] {
  const found = cells.flatMap(({ contenders, results }) => {
    const contender = contenders.find((one) => one.name === name)
    const reference = contenders.find((one) => one.name === results.parameters.baseline)
    if (contender === undefined || reference === undefined) return []
    const ratio = ratioOf(contender, 'p99')
    if (ratio === null || !isComparable(contender, reference)) return []
    return [{ ratio: ratio.value, shown: shownDifference(contender, reference, ratio) }]
  })
  if (found.length === 0) return []
  const logs = found.reduce((sum, one) => sum + Math.log(one.ratio), 0)
  const count = (wanted: Difference) => found.filter(({ shown }) => shown === wanted).length
  const standing = { name, lower: count('lower'), higher: count('higher'), of: found.length }
  return [{ ...standing, ratio: Math.exp(logs / found.length) }]
}

/** The same for one cell: who has the lowest p99, and whether that is more than chance. */
export function cellHeadline(summary: CellSummary): string {
  if (summary.contenders.length === 0) {
    return 'No trial counts: each was disturbed, by the rule that was fixed beforehand.'
  }
  const { baseline } = summary.results.parameters
  const reference = summary.contenders.find(({ name }) => name === baseline)
  if (reference === undefined) return 'The baseline has no trial that counts; nothing is compared.'
  if (summary.contenders.length === 1) return alone(reference)
  if (!isWhole(reference)) {
    return `${baseline} answered only ${success(reference)} of its calls rightly: this load is no basis for comparing latencies.`
  }
  const comparable = summary.contenders.filter((contender) => isComparable(contender, reference))
  const best = comparable.toSorted((a, b) => p99(a) - p99(b))[0] ?? reference
  return best === reference ? baselineWins(reference, summary.contenders) : against(best, baseline)
}

/** A sentence for each contender but the baseline. */
export function verdicts(summary: CellSummary): readonly string[] {
  const { baseline } = summary.results.parameters
  const reference = summary.contenders.find(({ name }) => name === baseline)
  if (reference === undefined) return []
  return summary.contenders
    .filter((contender) => contender !== reference)
    .map((contender) => {
      const sentence = `${contender.name}: ${clause(contender, 'p99', reference)}; ${clause(contender, 'mean', reference)}.`
      return isComparable(contender, reference)
        ? sentence
        : `${sentence} It answered ${success(contender)} of its calls rightly, ${baseline} ${success(reference)}; failed calls have no latency.`
    })
}

/**
 * What a ratio to the baseline shows. Failed calls are missing from a contender's latencies and most
 * would have been slow, so that whoever fails can be shown to be slower, never to be faster.
 */
export function shownDifference(
  contender: ContenderSummary,
  reference: ContenderSummary,
  ratio: Estimate | null,
): Difference {
  const shown = ratio === null ? 'none' : difference(ratio)
  if (shown === 'lower' && !isWhole(contender)) return 'none'
  if (shown === 'higher' && !isWhole(reference)) return 'none'
  return shown
}

function alone(contender: ContenderSummary): string {
  const all = contender.classes.get(allCalls)
  const p50 = formatEstimate(all?.measures.p50 ?? null, formatMs)
  const p99Text = formatEstimate(all?.measures.p99 ?? null, formatMs)
  return `${contender.name}: p50 ${p50} ms, p99 ${p99Text} ms, ${success(contender)} answered rightly. There is no other to compare it with.`
}

function against(best: ContenderSummary, baseline: string): string {
  const ratio = ratioOf(best, 'p99')
  if (ratio === null) return 'No repeat is shared with the baseline; nothing is compared.'
  const times = `${best.name}, ${formatRatio(ratio.value)} × ${baseline}`
  if (ratio.low === null || ratio.high === null) {
    return `Lowest p99: ${times}; in so few repeats that cannot be told from chance.`
  }
  const interval = `95 % interval ${formatRatio(ratio.low)}–${formatRatio(ratio.high)}`
  return difference(ratio) === 'lower'
    ? `${best.name} has the lowest p99: ${formatRatio(ratio.value)} × that of ${baseline} (${interval}).`
    : `No contender is shown to beat ${baseline}. Lowest p99: ${times} (${interval}).`
}

function baselineWins(
  reference: ContenderSummary,
  contenders: readonly ContenderSummary[],
): string {
  const rivals = contenders.filter((contender) => contender !== reference)
  const slower = rivals.filter(
    (contender) => shownDifference(contender, reference, ratioOf(contender, 'p99')) === 'higher',
  )
  const even = rivals.filter((contender) => !slower.includes(contender))
  return [
    `${reference.name}, the baseline, has the lowest p99.`,
    slower.length > 0 ? `Shown to be higher: ${names(slower)}.` : '',
    even.length > 0 ? `No difference shown: ${names(even)}.` : '',
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function clause(
  contender: ContenderSummary,
  measure: LatencyMeasure,
  reference: ContenderSummary,
): string {
  const baseline = reference.name
  const ratio = ratioOf(contender, measure)
  if (ratio === null) return `${measure} has no repeat in common with ${baseline}`
  const times = `${measure} ${formatRatio(ratio.value)} × ${baseline}`
  if (ratio.low === null || ratio.high === null) return `${times}, too few repeats for an interval`
  const interval = `${formatRatio(ratio.low)}–${formatRatio(ratio.high)}`
  const shown = shownDifference(contender, reference, ratio)
  const reading = shown === difference(ratio) ? readings[shown] : 'not compared'
  return `${times} (${interval}), ${reading}`
}

/** What of a contender tells whether its latencies say all. */
type Service = Pick<ContenderSummary, 'sent' | 'succeeded'>

/** Whether both answered so many calls rightly that their latencies can be compared. */
export function isComparable(contender: Service, reference: Service): boolean {
  return isWhole(contender) && isWhole(reference)
}

function isWhole({ sent, succeeded }: Service): boolean {
  return succeeded >= sent * leastSuccess
}

function ratioOf(contender: ContenderSummary, measure: LatencyMeasure): Estimate | null {
  return contender.classes.get(allCalls)?.ratios[measure] ?? null
}

function p99(contender: ContenderSummary): number {
  return contender.classes.get(allCalls)?.measures.p99?.value ?? Number.POSITIVE_INFINITY
}

function success({ sent, succeeded }: ContenderSummary): string {
  return formatPercent(sent === 0 ? 0 : succeeded / sent)
}

function names(contenders: readonly ContenderSummary[]): string {
  return contenders.map(({ name }) => name).join(', ')
}
