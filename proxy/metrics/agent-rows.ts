import type { NumberRow } from './row.ts'

const msPerSecond = 1000

/** Metrics of how the state of nodes is told: by agents that are read or push, or by themselves. */
export const agentRows = {
  agent_up: {
    kind: 'gauge',
    help: 'Whether the stream of an agent is open, or it pushed just now (1).',
    labels: ['host'],
    read({ agents }, put) {
      for (const { up, host } of agents) put(up ? 1 : 0, host)
    },
  },
  agent_report_age_seconds: {
    kind: 'gauge',
    help: 'Time since the last line of an agent.',
    labels: ['host'],
    read({ agents }, put) {
      for (const { reportAgeMs, host } of agents) {
        if (reportAgeMs !== null) put(reportAgeMs / msPerSecond, host)
      }
    },
  },
  agent_reports_total: {
    kind: 'counter',
    help: 'Lines read from an agent.',
    labels: ['host'],
    read({ agents }, put) {
      for (const { reports, host } of agents) put(reports, host)
    },
  },
  agent_gaps_total: {
    kind: 'counter',
    help: 'Lines of an agent that never came.',
    labels: ['host'],
    read({ agents }, put) {
      for (const { gaps, host } of agents) put(gaps, host)
    },
  },
  agent_refused_total: {
    kind: 'counter',
    help: 'Lines of an agent that were no reports.',
    labels: ['host'],
    read({ agents }, put) {
      for (const { refused, host } of agents) put(refused, host)
    },
  },
  pushes_refused_total: {
    kind: 'counter',
    help: 'Reports pushed to the admin port of which nothing was taken.',
    labels: ['reason'],
    read({ pushes }, put) {
      for (const [reason, count] of pushes) put(count, reason)
    },
  },
  node_loads_total: {
    kind: 'counter',
    help: 'Load reports (ORCA) that came with answers of a node and were read.',
    labels: ['node', 'result'],
    read({ nodes }, put) {
      for (const { load, id } of nodes) {
        put(load.taken, id, 'taken')
        put(load.refused, id, 'refused')
      }
    },
  },
} as const satisfies Record<string, NumberRow>
