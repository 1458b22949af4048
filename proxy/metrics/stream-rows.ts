import type { NumberRow } from './row.ts'

/** Metrics of what clients are told over time. */
export const streamRows = {
  filters: {
    kind: 'gauge',
    help: 'Filters of clients, by kind.',
    labels: ['kind'],
    read({ streams }, put) {
      for (const [kind, count] of streams.filters.live) put(count, kind)
    },
  },
  filters_ended_total: {
    kind: 'counter',
    help: 'Filters that are no more: expired, uninstalled, or lost because not all could be told.',
    labels: ['reason'],
    read({ streams }, put) {
      for (const [reason, count] of streams.filters.ended) put(count, reason)
    },
  },
  subscriptions: {
    kind: 'gauge',
    help: 'Subscriptions of clients, by kind.',
    labels: ['kind'],
    read({ streams }, put) {
      for (const [kind, count] of streams.subscriptions.live) put(count, kind)
    },
  },
  upstream_subscriptions: {
    kind: 'gauge',
    help: 'Feeds at nodes behind the subscriptions and filters that are not of the chain.',
    labels: [],
    read: ({ streams }, put) => put(streams.subscriptions.load.feeds),
  },
  connections_cut_off_total: {
    kind: 'counter',
    help: 'Client connections ended because the client was too slow, or something could not be told.',
    labels: ['reason'],
    read({ streams }, put) {
      for (const [reason, count] of streams.subscriptions.cutOff) put(count, reason)
    },
  },
  stream_gaps_total: {
    kind: 'counter',
    help: 'Stretches of the chain that could not be told, so that subscribers were cut off.',
    labels: [],
    read: ({ streams }, put) => put(streams.gaps),
  },
} as const satisfies Record<string, NumberRow>
