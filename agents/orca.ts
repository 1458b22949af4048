import { orcaBytes } from './orca-protobuf.ts'
import type { OrcaReport } from './orca-report.ts'
import { type Capacity, dimensions, type NodeReport, type StatePoint } from './report.ts'

/** `named_metrics` that tell a node's capacity, which ORCA has no field for: the axis they bound. */
export const capacityMetrics = {
  capacity_cpus: 'cpus',
  capacity_memory_bytes: 'mem',
} as const satisfies Record<string, keyof Capacity>

/** How much each axis counts towards the one figure: use of the CPU says little before it saturates. */
const weights = { cpu_pressure: 1, io_pressure: 0.5, mem_pressure: 0.5, cpu: 0.25 } as const

/** Memory in use below this share slows nothing down. */
const harmlessMemory = 0.8

/**
 * One figure for how loaded a node is, in [0, 1]: the largest of its axes, each by its weight
 * (pressure on the CPU 1, on disk and memory ½, use of the CPU ¼), and of memory beyond 80 %, which
 * counts from there. Undefined where none of these is known.
 */
export function utilizationOf(x: StatePoint): number | undefined {
  const shares: number[] = []
  for (const axis of ['cpu_pressure', 'io_pressure', 'mem_pressure', 'cpu'] as const) {
    const value = x[axis]
    if (value !== undefined) shares.push(weights[axis] * value)
  }
  const { memory } = x
  if (memory !== undefined) {
    shares.push(Math.max(0, (memory - harmlessMemory) / (1 - harmlessMemory)))
  }
  return shares.length === 0 ? undefined : Math.min(1, Math.max(...shares))
}

/** What an agent says of a node, as an ORCA report. Nothing of one that is gone. */
export function orcaOf({ x, cap }: Pick<NodeReport, 'x' | 'cap'>): OrcaReport {
  const overall = utilizationOf(x)
  const utilization: Record<string, number> = {}
  for (const axis of dimensions) {
    const value = x[axis]
    if (value !== undefined) utilization[axis] = value
  }
  const metrics: Record<string, number> = {}
  for (const [name, limit] of Object.entries(capacityMetrics)) {
    const value = cap[limit]
    if (value !== undefined) metrics[name] = value
  }
  return {
    ...(x.cpu !== undefined && { cpu_utilization: x.cpu }),
    ...(x.memory !== undefined && { mem_utilization: x.memory }),
    ...(overall !== undefined && { application_utilization: overall }),
    ...(Object.keys(utilization).length > 0 && { utilization }),
    ...(Object.keys(metrics).length > 0 && { named_metrics: metrics }),
  }
}

/** How a report is written in a header. */
export const orcaFormats = ['TEXT', 'JSON', 'BIN'] as const
export type OrcaFormat = (typeof orcaFormats)[number]

/** The header by which a client asks for a report with its answer. */
export const orcaFormatHeader = 'endpoint-load-metrics-format'

/** The format that the value of {@link orcaFormatHeader} asks for; null where it asks for none. */
export function orcaFormatOf(value: string | readonly string[] | undefined): OrcaFormat | null {
  if (typeof value !== 'string') return null
  const wanted = value.trim().toUpperCase()
  return orcaFormats.find((format) => format === wanted) ?? null
}

/**
 * The report as header lines, name and value in turn. `BIN` is written under both of its names:
 * Envoy reads either, gRPC the second alone.
 */
export function orcaHeaders(report: OrcaReport, format: OrcaFormat): string[] {
  const name = 'endpoint-load-metrics'
  switch (format) {
    case 'TEXT':
      return [name, `TEXT ${textOf(report)}`]
    case 'JSON':
      return [name, `JSON ${JSON.stringify(report)}`]
    case 'BIN': {
      const bytes = orcaBytes(report).toString('base64')
      return [name, `BIN ${bytes}`, `${name}-bin`, bytes]
    }
  }
}

/** `cpu_utilization=0.31,utilization.cpu_pressure=0.08`, … */
function textOf(report: OrcaReport): string {
  return Object.entries(report)
    .flatMap(([name, value]) =>
      typeof value === 'number'
        ? [`${name}=${value}`]
        : Object.entries(value ?? {}).map(([key, inner]) => `${name}.${key}=${inner}`),
    )
    .join(',')
}
