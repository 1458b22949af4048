import { latencyMeasures } from './class-summary.ts'
import type { CellSummary, Summary } from './summary.ts'

type Value = string | number | null

const columns = [
  ...['condition', 'profile', 'workload', 'load', 'calls_per_second', 'contender', 'class'],
  ...['measure', 'value', 'low', 'high', 'ratio', 'ratio_low', 'ratio_high'],
] as const

/**
 * Every figure of a run as comma-separated values (RFC 4180), a line each: latencies in milliseconds
 * by class with their ratios to the baseline; throughput in answers a second; the others as in the
 * tables. What is not known is empty.
 */
export function renderCsv(summary: Summary): string {
  return lines([columns, ...summary.cells.flatMap(figures)])
}

function figures({ cell, contenders }: CellSummary): readonly (readonly Value[])[] {
  const { id, profile, workload, load, ratePerSecond } = cell
  return contenders.flatMap((one) => {
    const start = [id, profile, workload, load, ratePerSecond, one.name]
    const plain = (measure: string, value: number | null): readonly Value[] => [
      ...[...start, 'all', measure, value, null, null, null, null, null],
    ]
    const latencies = [...one.classes].flatMap(([label, { measures, ratios }]) =>
      latencyMeasures.map((measure) => {
        const [level, ratio] = [measures[measure], ratios[measure]]
        return [
          ...[...start, label, `${measure}_ms`],
          ...[level?.value ?? null, level?.low ?? null, level?.high ?? null],
          ...[ratio?.value ?? null, ratio?.low ?? null, ratio?.high ?? null],
        ]
      }),
    )
    const { throughput, slowdown } = one
    return [
      ...latencies,
      [
        ...[...start, 'all', 'answers_per_second', throughput.value],
        ...[throughput.low, throughput.high, null, null, null],
      ],
      plain('success', one.sent === 0 ? null : one.succeeded / one.sent),
      plain('slowdown_mean', slowdown?.mean.value ?? null),
      plain('slowdown_p99', slowdown?.p99.value ?? null),
      plain('backward_steps', one.backwardSteps),
      plain('fairness', one.fairness),
      plain('nodes_cpu_cores', one.nodesCpuCores),
      plain('proxy_us_per_call', one.proxyMicrosPerCall),
    ]
  })
}

function lines(rows: readonly (readonly Value[])[]): string {
  return `${rows.map((row) => row.map(field).join(',')).join('\r\n')}\r\n`
}

function field(value: Value): string {
  if (value === null) return ''
  if (typeof value === 'number') return String(Number(value.toPrecision(6)))
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
