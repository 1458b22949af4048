import type { NumberRow } from './row.ts'

/** Metrics of the transactions that were accepted through the proxy. */
export const journalRows = {
  journal_transactions: {
    kind: 'gauge',
    help: 'Accepted transactions that the journal holds, by what has become of them.',
    labels: ['state'],
    read({ ledger }, put) {
      for (const [state, count] of ledger.journal.countByState()) put(count, state)
    },
  },
  journal_offers_total: {
    kind: 'counter',
    help: 'Times that a pending transaction was offered to the fleet again.',
    labels: [],
    read: ({ ledger }, put) => put(ledger.offered),
  },
  journal_behind: {
    kind: 'gauge',
    help: 'Whether the file of the journal lacks something that the disk did not take (1).',
    labels: [],
    read: ({ ledger }, put) => put(ledger.journal.isBehind ? 1 : 0),
  },
} as const satisfies Record<string, NumberRow>
