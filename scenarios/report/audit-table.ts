import { formatPercent } from './format.ts'
import type { CellSummary } from './summary.ts'
import { nameColumn, type Table } from './table-form.ts'
import type { Trial } from './trial.ts'

/**
 * What came of what the calls set going: transactions and the state they left behind, or what
 * followed a chain. Null where the workload's calls stand alone.
 */
export function auditTable(cell: CellSummary): Table | null {
  const audited = cell.contenders.map(({ name }) => ({ name, audits: auditsOf(cell, name) }))
  const names = [
    ...new Set(
      audited.flatMap(({ audits }) => audits.flatMap(({ counts }) => Object.keys(counts))),
    ),
  ]
  if (names.length === 0) return null
  return {
    title: 'What the calls set going',
    note: 'Over all trials that count, the warm-up included. Faults: what is not as it must be by the end of a trial; there must be none.',
    columns: [nameColumn, ...names, 'faults'],
    rows: audited.map(({ name, audits }) => [
      name,
      ...names.map((count) => String(sum(audits.map(({ counts }) => counts[count] ?? 0)))),
      String(sum(audits.map(({ faults }) => faults.length))),
    ]),
  }
}

/** A sentence for each contender with faults, and the first of them. */
export function auditCaveats(cell: CellSummary): readonly string[] {
  return cell.contenders.flatMap(({ name }) => {
    const audits = auditsOf(cell, name)
    const [first] = audits.flatMap(({ faults }) => faults)
    if (first === undefined) return []
    const faulty = audits.filter(({ faults }) => faults.length > 0).length
    const share = formatPercent(faulty / audits.length, 0)
    return [`${name}: what was set going did not come out right in ${share} of trials: ${first}.`]
  })
}

function auditsOf(
  { cell, results }: CellSummary,
  contender: string,
): readonly NonNullable<Trial['audit']>[] {
  return results.trials.flatMap((trial) => {
    const isIts = trial.cell === cell.id && trial.contender === contender
    return isIts && trial.dropped === null && trial.audit != null ? [trial.audit] : []
  })
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
