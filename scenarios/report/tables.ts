import {
  formatEstimate,
  formatMs,
  formatPercent,
  formatRate,
  formatRatio,
  unknown,
} from './format.ts'
import type { NodeSummary } from './node-use.ts'
import { allCalls, type ContenderSummary, latencyMeasures, type Summary } from './summary.ts'
import { shownDifference } from './verdict.ts'

/** A table in no particular form: the first column names the row, the others hold figures. */
export type Table = {
  readonly title: string
  /** What the figures are, in a sentence. */
  readonly note: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** All tables of a report, in reading order. */
export function reportTables(summary: Summary): readonly Table[] {
  const { parameters, workload } = summary.results
  const labels = workload.classes.length > 1 ? [allCalls, ...workload.classes] : [allCalls]
  const hasRivals = summary.contenders.length > 1
  return [
    ...labels.map((label) => latencyTable(summary, label)),
    serviceTable(summary),
    ...(parameters.nodes > 0 ? [nodeTable(summary)] : []),
    ...(hasRivals ? labels.map((label) => ratioTable(summary, label)) : []),
  ]
}

function latencyTable({ contenders }: Summary, label: string): Table {
  return {
    title: `Latency of ${calls(label)}, ms`,
    note: 'From the intended start to the last byte, right answers only; 95 % interval over the repeats in brackets.',
    columns: [nameColumn, ...latencyMeasures],
    rows: contenders.map((contender) => [
      contender.name,
      ...latencyMeasures.map((measure) =>
        formatEstimate(contender.classes.get(label)?.measures[measure] ?? null, formatMs),
      ),
    ]),
  }
}

function serviceTable({ contenders }: Summary): Table {
  const isSaturated = contenders.some(({ saturation }) => saturation !== null)
  return {
    title: 'Service',
    note: 'Right answers that came in time; failed calls count against success.',
    columns: [
      nameColumn,
      'answers/s',
      'success',
      'proxy CPU µs/call',
      ...(isSaturated ? ['saturated answers/s'] : []),
    ],
    rows: contenders.map((contender) => [
      contender.name,
      formatEstimate(contender.throughput, formatRate),
      formatPercent(contender.sent === 0 ? 0 : contender.succeeded / contender.sent, 2),
      contender.proxyMicrosPerCall === null ? unknown : contender.proxyMicrosPerCall.toFixed(0),
      ...(isSaturated ? [formatEstimate(contender.saturation, formatRate)] : []),
    ]),
  }
}

function nodeTable({ contenders }: Summary): Table {
  const nodes = contenders[0]?.nodes ?? []
  return {
    title: 'Nodes',
    note: "Share of the calls, then the node's CPU as a share of what it may use; fairness is Jain's index over the latter, 1 when all are equally busy.",
    columns: [nameColumn, ...nodes.map(nodeHead), 'fairness'],
    rows: contenders.map((contender: ContenderSummary) => [
      contender.name,
      ...contender.nodes.map(nodeCell),
      contender.fairness === null ? unknown : contender.fairness.toFixed(2),
    ]),
  }
}

function ratioTable({ contenders, results }: Summary, label: string): Table {
  const { baseline } = results.parameters
  const reference = contenders.find(({ name }) => name === baseline)
  return {
    title: `${capital(calls(label))} against ${baseline}`,
    note: 'Latency as a multiple of the baseline, by pairs of repeats; ↓ lower and ↑ higher where the interval does not hold 1.',
    columns: [nameColumn, ...latencyMeasures],
    rows: contenders
      .filter(({ name }) => name !== baseline)
      .map((contender) => [
        contender.name,
        ...latencyMeasures.map((measure) => {
          const ratio = contender.classes.get(label)?.ratios[measure] ?? null
          if (ratio === null || reference === undefined) return unknown
          const arrow = arrows[shownDifference(contender, reference, ratio)]
          return `${formatEstimate(ratio, formatRatio)}${arrow}`
        }),
      ]),
  }
}

const nameColumn = 'strategy'
/** As wide as each other, so that the figures before them stay aligned. */
const arrows = { lower: ' ↓', higher: ' ↑', none: '  ' } as const

function calls(label: string): string {
  return label === allCalls ? 'all calls' : `${label} calls`
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

function nodeHead({ id, capacityCores }: NodeSummary): string {
  return capacityCores === null ? id : `${id} (${Number(capacityCores.toFixed(2))} cores)`
}

function nodeCell({ share, cpuCores, capacityCores }: NodeSummary): string {
  const used = cpuCores === null || capacityCores === null ? null : cpuCores / capacityCores
  return `${formatPercent(share, 0)}, CPU ${used === null ? unknown : formatPercent(used, 0)}`
}
