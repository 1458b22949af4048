import { leastRepeats } from '../measure/statistics.ts'
import { auditCaveats } from './audit-table.ts'
import { rulesInWords } from './rules.ts'
import type { CellSummary, ContenderSummary, Summary } from './summary.ts'

/** What a reader must weigh before believing the figures, a sentence each, the gravest first. */
export function caveats({ results, cells }: Summary): readonly string[] {
  const { trials, parameters, machine, notes } = results
  const isOurs = parameters.fleet !== null
  const dropped = trials.filter((trial) => trial.dropped !== null)
  const disturbed = trials.filter((trial) => trial.disturbed !== null)
  const rivals = parameters.contenders.length - 1
  const comparisons = rivals * cells.length
  return [
    ...(results.complete ? [] : ['The run did not finish; this is what it had measured by then.']),
    ...notes,
    disturbed.length > 0
      ? `${disturbed.length} of ${trials.length} trials count although a rule was broken (--keep-disturbed): ${reasons(disturbed.map((trial) => trial.disturbed ?? ''))}. Their latencies may be too high.`
      : '',
    dropped.length > 0
      ? `${dropped.length} of ${trials.length} trials do not count: ${reasons(dropped.map((trial) => trial.dropped ?? ''))}.`
      : '',
    ...cells.flatMap(auditCaveats),
    ...cells.flatMap((cell) => cell.contenders.flatMap((one) => contenderCaveats(one, cell))),
    rivals > 0 && parameters.repeats < leastRepeats
      ? `Fewer than ${leastRepeats} repeats have no intervals: nothing here can be told from chance.`
      : '',
    comparisons > 1
      ? `Each interval is right in 95 of 100 runs; with ${comparisons} comparisons, now and then one shows a difference by chance.`
      : '',
    rulesInWords(parameters.rules, isOurs),
    isOurs
      ? `Nodes, proxy and generator shared the ${machine.cores} cores of one machine; on machines of their own the figures would differ.`
      : '',
  ].filter((line) => line !== '')
}

function contenderCaveats(
  { name, sent, succeeded, failures, rising, repeats, backwardSteps }: ContenderSummary,
  { cell, results }: CellSummary,
): readonly string[] {
  const where = results.cells.length > 1 ? ` in ${cell.id}` : ''
  const kinds = [...failures].map(([kind, count]) => `${count} ${kind}`).join(', ')
  return [
    ...(succeeded < sent
      ? [`${name} failed ${sent - succeeded} of ${sent} calls${where}: ${kinds}.`]
      : []),
    ...(rising > 0
      ? [
          `${name}: latency was still rising at the end of ${rising} of ${repeats} trials${where}; in longer ones it would be higher.`,
        ]
      : []),
    ...((backwardSteps ?? 0) > 0
      ? [`${name} showed clients a lower head than before ${backwardSteps} times${where}.`]
      : []),
  ]
}

const shownReasons = 3

/** The first few of them, and how many more. */
function reasons(all: readonly string[]): string {
  const shown = [...new Set(all)].slice(0, shownReasons).join('; ')
  const more = new Set(all).size - shownReasons
  return more > 0 ? `${shown}; and ${more} more` : shown
}
