import { Latencies } from '../measure/latencies.ts'
import { formatMs, unknown } from './format.ts'
import type { CellSummary } from './summary.ts'
import type { Table } from './table-form.ts'

/** Each trial in the order it was made, with what may have disturbed it. */
export function trialTable({ contenders, dropped }: CellSummary): Table {
  const trials = [...contenders.flatMap((one) => one.trials), ...dropped].toSorted((one, other) =>
    one.startedAt.localeCompare(other.startedAt),
  )
  return {
    title: 'Every trial',
    note: 'In the order of time.',
    columns: [
      'strategy',
      'repeat',
      'p50 ms',
      'p99 ms',
      'failed',
      'generator late p99 ms',
      'other CPU, cores',
      'counts',
    ],
    rows: trials.map((trial) => {
      const latencies = Latencies.empty()
      let failed = 0
      for (const tally of Object.values(trial.classes)) {
        latencies.add(Latencies.decode(tally.histogram, tally.meanMs))
        failed += tally.sent - tally.succeeded
      }
      return [
        trial.contender,
        String(trial.repeat + 1),
        formatMs(latencies.percentileMs(50)),
        formatMs(latencies.percentileMs(99)),
        String(failed),
        formatMs(trial.lateness.p99Ms),
        trial.foreignCpuCores === null ? unknown : trial.foreignCpuCores.toFixed(2),
        trial.dropped ?? (trial.disturbed === null ? 'yes' : `yes, though ${trial.disturbed}`),
      ]
    }),
  }
}
