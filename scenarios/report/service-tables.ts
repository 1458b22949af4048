import {
  formatBytes,
  formatEstimate,
  formatPercent,
  formatRate,
  formatRatio,
  unknown,
} from './format.ts'
import type { NodeSummary } from './node-use.ts'
import type { CellSummary, ContenderSummary } from './summary.ts'
import { nameColumn, type Table } from './table-form.ts'

/** Throughput, success, slowdown, and what a decision costs. */
export function serviceTable({ contenders }: CellSummary): Table {
  const isSaturated = contenders.some(({ saturation }) => saturation !== null)
  return {
    title: 'Service',
    note: 'Right answers that came in time; failed calls count against success. Slowdown: latency ÷ that of the same call on an idle node. Steps back: heads lower than one that was shown before.',
    columns: [
      nameColumn,
      'trials',
      'answers/s',
      'success',
      'slowdown',
      'slowdown p99',
      'steps back',
      'proxy CPU µs/call',
      ...(isSaturated ? ['saturated answers/s'] : []),
    ],
    rows: contenders.map((contender) => [
      contender.name,
      String(contender.repeats),
      formatEstimate(contender.throughput, formatRate),
      formatPercent(contender.sent === 0 ? 0 : contender.succeeded / contender.sent, 2),
      formatEstimate(contender.slowdown?.mean ?? null, formatRatio),
      formatEstimate(contender.slowdown?.p99 ?? null, formatRatio),
      contender.backwardSteps === null ? unknown : String(contender.backwardSteps),
      contender.proxyMicrosPerCall === null ? unknown : contender.proxyMicrosPerCall.toFixed(0),
      ...(isSaturated ? [formatEstimate(contender.saturation, formatRate)] : []),
    ]),
  }
}

/** Where the calls went, and how busy that made the nodes. */
export function nodeTable({ contenders }: CellSummary): Table {
  const nodes = contenders[0]?.nodes ?? []
  return {
    title: 'Nodes',
    note: "Share of the calls, then the node's CPU as a share of what it may use; fairness is Jain's index over the latter, 1 when all are equally busy.",
    columns: [nameColumn, ...nodes.map(nodeHead), 'fairness', 'CPU, cores'],
    rows: contenders.map((contender: ContenderSummary) => [
      contender.name,
      ...contender.nodes.map(nodeCell),
      contender.fairness === null ? unknown : contender.fairness.toFixed(2),
      contender.nodesCpuCores === null ? unknown : contender.nodesCpuCores.toFixed(2),
    ]),
  }
}

/** Memory, disk and network of every node, and the memory of the proxy. */
export function resourceTable({ contenders }: CellSummary): Table {
  const nodes = contenders[0]?.nodes ?? []
  return {
    title: 'Memory, disk and network',
    note: 'Memory at the end of the window, bytes a second of disk and of network over it, means of the trials; a dash where the system does not tell.',
    columns: [nameColumn, ...nodes.map(({ id }) => id), 'proxy memory'],
    rows: contenders.map((contender) => [
      contender.name,
      ...contender.nodes.map(({ memoryBytes, diskBytesPerSecond, networkBytesPerSecond }) =>
        [
          bytes(memoryBytes, ''),
          bytes(diskBytesPerSecond, '/s'),
          bytes(networkBytesPerSecond, '/s'),
        ].join(', '),
      ),
      bytes(contender.proxyMemoryBytes, ''),
    ]),
  }
}

function bytes(value: number | null, per: string): string {
  return value === null ? unknown : `${formatBytes(value)}${per}`
}

function nodeHead({ id, capacityCores }: NodeSummary): string {
  return capacityCores === null ? id : `${id} (${Number(capacityCores.toFixed(2))} cores)`
}

function nodeCell({ share, cpuCores, capacityCores }: NodeSummary): string {
  const used = cpuCores === null || capacityCores === null ? null : cpuCores / capacityCores
  return `${formatPercent(share, 0)}, CPU ${used === null ? unknown : formatPercent(used, 0)}`
}
