import type { NumberRow } from './row.ts'

/** Metrics of the one chain that clients are shown. */
export const chainRows = {
  serving_block: {
    kind: 'gauge',
    help: 'Number of the newest block that clients are shown, by tag.',
    labels: ['tag'],
    read({ fleet: { chain } }, put) {
      put(chain.head, 'latest')
      put(chain.safe, 'safe')
      put(chain.finalized, 'finalized')
    },
  },
  reorgs_total: {
    kind: 'counter',
    help: 'Reorganisations of the chain that clients are shown.',
    labels: [],
    read: ({ fleet }, put) => put(fleet.chain.reorgs),
  },
  soft_misses_total: {
    kind: 'counter',
    help: 'Answers that only said what their node lacks, so that another one was asked.',
    labels: [],
    read: ({ fleet }, put) => put(fleet.chain.softMisses),
  },
  head_waits_total: {
    kind: 'counter',
    help: 'Waits of calls for a node to catch up, by whether one did.',
    labels: ['outcome'],
    read({ fleet: { chain } }, put) {
      put(chain.waits - chain.vainWaits, 'met')
      put(chain.vainWaits, 'vain')
    },
  },
} as const satisfies Record<string, NumberRow>
