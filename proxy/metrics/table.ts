import { dimensions, type StatePoint } from '../../agents/report.ts'
import { agentRows } from './agent-rows.ts'
import { chainRows } from './chain-rows.ts'
import { contractRows } from './contract-rows.ts'
import { discoveryRows } from './discovery-rows.ts'
import { journalRows } from './journal-rows.ts'
import type { HistogramRow, NumberRow } from './row.ts'
import { streamRows } from './stream-rows.ts'

/** Milliseconds and seconds meet here: the fleet view is in milliseconds, Prometheus in seconds. */
const msPerSecond = 1000

const breakerStates = { closed: 0, 'half-open': 1, open: 2 } as const

/** Every metric of the proxy, under its name without the prefix. Nothing else is exported. */
export const rows = {
  requests_total: {
    kind: 'counter',
    help: 'Calls of clients answered; each item of a batch is one.',
    labels: ['method', 'code'],
    read({ calls }, put) {
      for (const [method, { codes }] of calls.methods) {
        for (const [code, count] of codes) put(count, method, code)
      }
    },
  },
  request_duration_seconds: {
    kind: 'histogram',
    help: 'Time from the arrival of a call to its answer.',
    labels: ['method'],
    read({ calls }, put) {
      for (const [method, { durations }] of calls.methods) put(durations, method)
    },
  },
  batch_size: {
    kind: 'histogram',
    help: 'Calls in each batch of a client.',
    labels: [],
    read: ({ calls }, put) => put(calls.batches),
  },
  retries_total: {
    kind: 'counter',
    help: 'Tries of a call after its first.',
    labels: [],
    read: ({ calls }, put) => put(calls.retries),
  },
  shed_total: {
    kind: 'counter',
    help: 'Calls refused for want of room.',
    labels: ['reason'],
    read({ calls }, put) {
      for (const [reason, count] of calls.shed) put(count, reason)
    },
  },
  decisions_total: {
    kind: 'counter',
    help: 'Calls placed on a node, by the strategy that placed them.',
    labels: ['strategy'],
    read({ decisions }, put) {
      for (const [strategy, count] of decisions) put(count, strategy)
    },
  },
  held_calls_total: {
    kind: 'counter',
    help: 'Calls that had to wait for a node with room.',
    labels: [],
    read: ({ fleet }, put) => put(fleet.held.total),
  },
  held_calls: {
    kind: 'gauge',
    help: 'Calls that wait now for a node with room.',
    labels: [],
    read: ({ fleet }, put) => put(fleet.held.waiting),
  },
  held_seconds: {
    kind: 'histogram',
    help: 'How long the calls waited that were sent in the end.',
    labels: [],
    read: ({ held }, put) => put(held),
  },
  upstream_requests_total: {
    kind: 'counter',
    help: 'Calls sent to a node, tries that failed included.',
    labels: ['node'],
    read: ({ fleet }, put) => {
      for (const { calls, id } of fleet.nodes) put(calls, id)
    },
  },
  upstream_errors_total: {
    kind: 'counter',
    help: 'Calls that a node failed to answer.',
    labels: ['node', 'reason'],
    read({ nodes }, put) {
      for (const { errors, id } of nodes)
        for (const [reason, count] of errors) put(count, id, reason)
    },
  },
  upstream_request_duration_seconds: {
    kind: 'histogram',
    help: 'Round trips of the calls sent to a node.',
    labels: ['node'],
    read({ nodes }, put) {
      for (const { durations, id } of nodes) put(durations, id)
    },
  },
  upstream_in_flight: {
    kind: 'gauge',
    help: 'Calls sent to a node and not yet answered.',
    labels: ['node'],
    read({ fleet }, put) {
      for (const { inFlight, id } of fleet.nodes) put(inFlight, id)
    },
  },
  upstream_up: {
    kind: 'gauge',
    help: 'Whether a node takes calls (1) or is down, unknown or on the wrong chain (0).',
    labels: ['node'],
    read({ fleet }, put) {
      for (const { health, id } of fleet.nodes) put(health === 'up' ? 1 : 0, id)
    },
  },
  upstream_draining: {
    kind: 'gauge',
    help: 'Whether a node was told to take no more calls (1).',
    labels: ['node'],
    read({ fleet }, put) {
      for (const { draining, id } of fleet.nodes) put(draining ? 1 : 0, id)
    },
  },
  upstream_breaker_state: {
    kind: 'gauge',
    help: 'Breaker of a node: 0 closed, 1 half-open, 2 open.',
    labels: ['node'],
    read({ fleet }, put) {
      for (const { breaker, id } of fleet.nodes) put(breakerStates[breaker], id)
    },
  },
  node_state: {
    kind: 'gauge',
    help: 'Last reported state on one axis: 0 idle, 1 saturated.',
    labels: ['node', 'dim'],
    read({ fleet }, put) {
      for (const { reported, id } of fleet.nodes) {
        for (const dim of dimensions) {
          const value = reported?.[dim]
          if (value !== undefined) put(value, id, dim)
        }
      }
    },
  },
  node_state_norm: {
    kind: 'gauge',
    help: 'Euclidean distance of the last reported state from idle, over the axes it has.',
    labels: ['node'],
    read({ fleet }, put) {
      for (const { reported, id } of fleet.nodes) if (reported !== null) put(norm(reported), id)
    },
  },
  node_score: {
    kind: 'gauge',
    help: 'Distance from idle that the strategy sees for one more call; the lowest is chosen.',
    labels: ['node'],
    read({ fleet }, put) {
      for (const { distance, id } of fleet.nodes) if (distance !== null) put(distance, id)
    },
  },
  node_rung: {
    kind: 'gauge',
    help: 'Always 1; the label says how much the strategy knows of a node.',
    labels: ['node', 'rung'],
    read({ fleet }, put) {
      for (const { rung, id } of fleet.nodes) if (rung !== null) put(1, id, rung)
    },
  },
  node_capacity_cpus: {
    kind: 'gauge',
    help: 'CPU cores that a node may use.',
    labels: ['node'],
    read({ fleet }, put) {
      for (const { capacity, id } of fleet.nodes) {
        if (capacity?.cpus !== undefined) put(capacity.cpus, id)
      }
    },
  },
  node_head_block: {
    kind: 'gauge',
    help: 'Number of the newest block of a node.',
    labels: ['node'],
    read({ fleet }, put) {
      for (const { head, id } of fleet.nodes) if (head !== null) put(head, id)
    },
  },
  node_head_lag_blocks: {
    kind: 'gauge',
    help: 'Blocks by which a node is behind the highest head of the fleet.',
    labels: ['node'],
    read({ fleet }, put) {
      for (const { lagBlocks, id } of fleet.nodes) if (lagBlocks !== null) put(lagBlocks, id)
    },
  },
  ...chainRows,
  ...discoveryRows,
  ...journalRows,
  ...streamRows,
  ...contractRows,
  ...agentRows,
  build_info: {
    kind: 'gauge',
    help: 'Always 1; the version is in the label.',
    labels: ['version'],
    read: ({ fleet }, put) => put(1, fleet.version),
  },
  event_loop_lag_seconds: {
    kind: 'histogram',
    help: 'How late the process runs what is due, seen ten times a second.',
    labels: [],
    read: ({ lag }, put) => put(lag),
  },
  process_cpu_seconds_total: {
    kind: 'counter',
    help: 'CPU time used by the process, user and system.',
    labels: [],
    read(_from, put) {
      const { user, system } = process.cpuUsage()
      put((user + system) / 1e6)
    },
  },
  process_start_time_seconds: {
    kind: 'gauge',
    help: 'When the process started, in seconds since 1970.',
    labels: [],
    read: (_from, put) => put(performance.timeOrigin / msPerSecond),
  },
  process_resident_memory_bytes: {
    kind: 'gauge',
    help: 'Memory of the process that is in RAM.',
    labels: [],
    read: (_from, put) => put(process.memoryUsage.rss()),
  },
} as const satisfies Record<string, NumberRow | HistogramRow>

function norm(point: StatePoint): number {
  let squares = 0
  for (const dim of dimensions) squares += (point[dim] ?? 0) ** 2
  return Math.sqrt(squares)
}
