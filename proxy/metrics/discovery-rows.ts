import type { NumberRow } from './row.ts'

/** Those of the providers that read what people write. */
const configurations: ReadonlySet<string> = new Set(['static', 'file'])

/** Metrics of where the nodes come from. */
export const discoveryRows = {
  discovery_up: {
    kind: 'gauge',
    help: 'Whether the last try of a provider worked (1); while it does not, its last nodes are kept.',
    labels: ['provider'],
    read({ fleet: { discovery } }, put) {
      for (const { up, name } of discovery.providers) if (up !== null) put(up ? 1 : 0, name)
    },
  },
  discovery_nodes: {
    kind: 'gauge',
    help: 'Nodes that a provider named last.',
    labels: ['provider'],
    read({ fleet: { discovery } }, put) {
      for (const { nodes, name } of discovery.providers) put(nodes, name)
    },
  },
  discovery_updates_total: {
    kind: 'counter',
    help: 'Times that a provider told of its nodes.',
    labels: ['provider'],
    read({ fleet: { discovery } }, put) {
      for (const { updates, name } of discovery.providers) put(updates, name)
    },
  },
  discovery_failures_total: {
    kind: 'counter',
    help: 'Times that a provider could not tell of its nodes.',
    labels: ['provider'],
    read({ fleet: { discovery } }, put) {
      for (const { failures, name } of discovery.providers) put(failures, name)
    },
  },
  discovery_age_seconds: {
    kind: 'gauge',
    help: 'Time since a provider last told of its nodes.',
    labels: ['provider'],
    read({ fleet: { discovery } }, put) {
      for (const { ageMs, name } of discovery.providers) if (ageMs !== null) put(ageMs / 1000, name)
    },
  },
  discovery_joined_total: {
    kind: 'counter',
    help: 'Nodes that were found, asked and let into the fleet.',
    labels: [],
    read: ({ fleet }, put) => put(fleet.discovery.joined),
  },
  discovery_left_total: {
    kind: 'counter',
    help: 'Nodes that left the fleet because nobody names them any more.',
    labels: [],
    read: ({ fleet }, put) => put(fleet.discovery.left),
  },
  config_reloads_total: {
    kind: 'counter',
    help: 'Times that nodes were read from the configuration or from files, failures included.',
    labels: [],
    read({ fleet: { discovery } }, put) {
      let count = 0
      for (const { name, updates, failures } of discovery.providers) {
        if (configurations.has(name)) count += updates + failures
      }
      put(count)
    },
  },
  config_last_reload_success: {
    kind: 'gauge',
    help: 'Whether the last of these of each kind was right (1).',
    labels: [],
    read({ fleet: { discovery } }, put) {
      const isWrong = discovery.providers.some(
        ({ name, up }) => configurations.has(name) && up === false,
      )
      put(isWrong ? 0 : 1)
    },
  },
} as const satisfies Record<string, NumberRow>
