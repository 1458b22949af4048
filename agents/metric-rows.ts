import type { Durations } from './durations.ts'
import { utilizationOf } from './orca.ts'
import type { NodeReport, RawFigures } from './report.ts'

/** What a scrape reads. */
export type Scrape = {
  readonly version: string
  readonly nodes: readonly NodeReport[]
  readonly reports: number
  readonly streams: number
  readonly droppedLines: number
  /** Requests that did not show the token. */
  readonly refused: number
  /** Agent checks of HAProxy; null where none are answered. */
  readonly checks: number | null
  /** One for each proxy that reports are pushed to. */
  readonly pushes: readonly {
    readonly host: string
    readonly isUp: boolean
    readonly counts: Readonly<Record<'taken' | 'refused' | 'failed', number>>
  }[]
  /** By how much readings came late. */
  readonly lateness: Durations
  /** How long each reading of all nodes took, its report included. */
  readonly cycles: Durations
}

export type Put = (
  value: number | undefined,
  labels?: Readonly<Record<string, string>>,
  /** Of a summary: which of its two other series the value is. */
  series?: '_sum' | '_count',
) => void

export type Row = {
  readonly kind: 'gauge' | 'counter' | 'summary'
  readonly help: string
  /** Puts each series: a value, or nothing where it is not known, and its labels. */
  readonly read: (from: Scrape, put: Put) => void
}

/** Every metric, under its whole name. */
export const rows: Readonly<Record<string, Row>> = {
  equipoise_agent_build_info: {
    kind: 'gauge',
    help: 'Always 1; the version is the label.',
    read: ({ version }, put) => put(1, { version }),
  },
  equipoise_agent_reports_total: {
    kind: 'counter',
    help: 'Reports made, one for each interval.',
    read: ({ reports }, put) => put(reports),
  },
  equipoise_agent_busy_seconds_total: {
    kind: 'counter',
    help: 'Time spent on reading figures and on writing reports.',
    read: ({ cycles }, put) => put(cycles.sumMs / 1000),
  },
  equipoise_agent_cycle_seconds: summary(
    'Duration of a reading of all nodes and its report, the first left out.',
    ({ cycles }) => cycles,
  ),
  equipoise_agent_lateness_seconds: summary(
    'Time by which a reading came later than it was due.',
    ({ lateness }) => lateness,
  ),
  equipoise_agent_streams: {
    kind: 'gauge',
    help: 'Readers of the stream now.',
    read: ({ streams }, put) => put(streams),
  },
  equipoise_agent_dropped_lines_total: {
    kind: 'counter',
    help: 'Lines that readers of the stream did not get because they were behind.',
    read: ({ droppedLines }, put) => put(droppedLines),
  },
  equipoise_agent_late_seconds_total: {
    kind: 'counter',
    help: 'Time by which readings came later than they were due, added up.',
    read: ({ lateness }, put) => put(lateness.sumMs / 1000),
  },
  equipoise_agent_unauthorized_requests_total: {
    kind: 'counter',
    help: 'Requests that did not show the token of this agent.',
    read: ({ refused }, put) => put(refused),
  },
  equipoise_agent_haproxy_checks_total: {
    kind: 'counter',
    help: 'Agent checks of HAProxy that were answered.',
    read: ({ checks }, put) => put(checks ?? undefined),
  },
  equipoise_agent_push_up: {
    kind: 'gauge',
    help: '1 while the proxy takes the reports that are pushed to it.',
    read({ pushes }, put) {
      for (const { host, isUp } of pushes) put(Number(isUp), { proxy: host })
    },
  },
  equipoise_agent_pushes_total: {
    kind: 'counter',
    help: 'Reports pushed, by what became of them.',
    read({ pushes }, put) {
      for (const { host, counts } of pushes) {
        for (const [result, count] of Object.entries(counts)) put(count, { proxy: host, result })
      }
    },
  },
  equipoise_agent_node_up: {
    kind: 'gauge',
    help: '1 while the process of the node runs, 0 when it has ended.',
    read({ nodes }, put) {
      for (const { name, gone } of nodes) put(gone === true ? 0 : 1, { node: name })
    },
  },
  equipoise_agent_node_info: {
    kind: 'gauge',
    help: 'Always 1; where the figures of the node come from is the label.',
    read({ nodes }, put) {
      for (const { name, src } of nodes) put(1, { node: name, source: src })
    },
  },
  equipoise_agent_node_state: {
    kind: 'gauge',
    help: 'Each axis of the state of the node as a ratio, 0 idle and 1 saturated.',
    read({ nodes }, put) {
      for (const { name, x } of nodes) {
        for (const [dim, value] of Object.entries(x)) put(value, { node: name, dim })
      }
    },
  },
  equipoise_agent_node_utilization: {
    kind: 'gauge',
    help: 'The one figure for the state of the node that ORCA and HAProxy are told, as a ratio.',
    read({ nodes }, put) {
      for (const { name, x } of nodes) put(utilizationOf(x), { node: name })
    },
  },
  equipoise_agent_node_age_seconds: {
    kind: 'gauge',
    help: 'Time since the figures of the node were read.',
    read({ nodes }, put) {
      for (const { name, gone, age } of nodes) if (gone !== true) put(age / 1000, { node: name })
    },
  },
  equipoise_agent_node_capacity_cpus: {
    kind: 'gauge',
    help: 'CPU cores that the node may use at most.',
    read({ nodes }, put) {
      for (const { name, cap } of nodes) put(cap.cpus, { node: name })
    },
  },
  equipoise_agent_node_capacity_memory_bytes: {
    kind: 'gauge',
    help: 'Memory that the node may use at most.',
    read({ nodes }, put) {
      for (const { name, cap } of nodes) put(cap.mem, { node: name })
    },
  },
  equipoise_agent_node_capacity_disk_bytes_per_second: {
    kind: 'gauge',
    help: 'Bytes a second of the disk that the node may read and write, where that is known.',
    read({ nodes }, put) {
      for (const { name, cap } of nodes) put(cap.disk, { node: name })
    },
  },
  equipoise_agent_node_capacity_network_bytes_per_second: {
    kind: 'gauge',
    help: 'Bytes a second that the node may send and receive, where that is declared.',
    read({ nodes }, put) {
      for (const { name, cap } of nodes) put(cap.network, { node: name })
    },
  },
  equipoise_agent_node_cpu_cores: raw(
    'gauge',
    'CPU cores in use on average over the last interval.',
    'cpu_cores',
  ),
  equipoise_agent_node_cpu_seconds_total: raw('counter', 'CPU time used.', 'cpu_usage_s'),
  equipoise_agent_node_cfs_quota_seconds: raw(
    'gauge',
    'CPU time granted in each CFS period.',
    'quota_s',
  ),
  equipoise_agent_node_cfs_period_seconds: raw('gauge', 'Length of the CFS period.', 'period_s'),
  equipoise_agent_node_cfs_periods_total: raw(
    'counter',
    'CFS periods in which there was something to run.',
    'nr_periods',
  ),
  equipoise_agent_node_cfs_throttled_periods_total: raw(
    'counter',
    'CFS periods in which the quota ran out.',
    'nr_throttled',
  ),
  equipoise_agent_node_cfs_throttled_seconds_total: raw(
    'counter',
    'Time held back because the quota had run out.',
    'throttled_s',
  ),
  equipoise_agent_node_cpu_pressure_seconds_total: raw(
    'counter',
    'Time in which some task waited for a CPU.',
    'cpu_pressure_s',
  ),
  equipoise_agent_node_io_pressure_seconds_total: raw(
    'counter',
    'Time in which all tasks waited for the disk.',
    'io_pressure_s',
  ),
  equipoise_agent_node_memory_pressure_seconds_total: raw(
    'counter',
    'Time in which some task waited for memory.',
    'mem_pressure_s',
  ),
  equipoise_agent_node_memory_bytes: raw(
    'gauge',
    'Memory in use, page cache included.',
    'mem_current',
  ),
  equipoise_agent_node_memory_file_bytes: raw(
    'gauge',
    'Page cache within the memory in use.',
    'mem_file',
  ),
  equipoise_agent_node_disk_bytes_total: raw(
    'counter',
    'Bytes read from and written to disks.',
    'disk_bytes',
  ),
  equipoise_agent_node_network_bytes_total: raw(
    'counter',
    'Bytes received and sent, the loopback left out.',
    'net_bytes',
  ),
  process_cpu_seconds_total: {
    kind: 'counter',
    help: 'CPU time used by the agent itself.',
    read(_, put) {
      const { user, system } = process.cpuUsage()
      put((user + system) / 1e6)
    },
  },
  process_resident_memory_bytes: {
    kind: 'gauge',
    help: 'Memory of the agent itself.',
    read: (_, put) => put(process.memoryUsage.rss()),
  },
  process_start_time_seconds: {
    kind: 'gauge',
    help: 'Start of the agent, in seconds since 1970.',
    read: (_, put) => put(performance.timeOrigin / 1000),
  },
}

/** Over the last thousand readings, which a scrape sees some of twice. */
function summary(help: string, durationsOf: (from: Scrape) => Durations): Row {
  return {
    kind: 'summary',
    help,
    read(from, put) {
      const durations = durationsOf(from)
      for (const q of [0.5, 0.9, 0.99, 1]) {
        const ms = durations.quantileMs(q)
        put(ms === undefined ? undefined : ms / 1000, { quantile: String(q) })
      }
      put(durations.sumMs / 1000, {}, '_sum')
      put(durations.count, {}, '_count')
    },
  }
}

function raw(kind: Row['kind'], help: string, name: keyof RawFigures): Row {
  return {
    kind,
    help,
    read({ nodes }, put) {
      for (const node of nodes) put(node.raw[name], { node: node.name })
    },
  }
}
