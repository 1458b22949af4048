import { z } from 'zod'
import { type NodeReport, parseReport } from '../../agents/report.ts'
import { machineCpuSeconds, processCpuSeconds } from './process-cpu.ts'

/** Where the counters of a stack are read. */
export type CounterSources = {
  readonly adminUrl: string
  readonly agentUrl: string
  readonly proxyPid: number
}

/** Counters at one moment; a trial is the difference of two. What could not be read is null. */
export type Counters = {
  readonly atMs: number
  readonly nodes: ReadonlyMap<string, NodeCounters>
  readonly proxyCpuSeconds: number | null
  readonly machineCpuSeconds: number
}

type NodeCounters = {
  readonly calls: number
  readonly errors: number
  readonly cpuSeconds: number | null
  /** When `cpuSeconds` was read, on the agent's clock. */
  readonly cpuAtMs: number | null
  readonly capacityCores: number | null
}

/** What one node did in the measured window. */
export type NodeUse = {
  readonly id: string
  readonly calls: number
  readonly errors: number
  readonly cpuCores: number | null
  /** Cores it may use, as its agent says. */
  readonly capacityCores: number | null
}

/** What the fleet, the proxy and the machine did between two moments; CPU in cores. */
export type Use = {
  readonly nodes: readonly NodeUse[]
  readonly proxyCpuCores: number | null
  readonly machineCpuCores: number
}

const timeoutMs = 2000

const fleetSchema = z.object({
  nodes: z.array(z.object({ id: z.string(), calls: z.number().min(0), errors: z.number().min(0) })),
})

/** @throws Error when the proxy's admin port or the agent does not answer as it should */
export async function readCounters(sources: CounterSources): Promise<Counters> {
  const [fleet, state, proxyCpuSeconds] = await Promise.all([
    json(`${sources.adminUrl}/api/fleet`),
    json(`${sources.agentUrl}/v1/state`),
    processCpuSeconds(sources.proxyPid),
  ])
  const reports = new Map(parseReport(state).nodes.map((node) => [node.id, node]))
  return {
    atMs: performance.now(),
    nodes: new Map(
      fleetSchema
        .parse(fleet)
        .nodes.map(({ id, calls, errors }) => [id, { calls, errors, ...cpu(reports.get(id)) }]),
    ),
    proxyCpuSeconds,
    machineCpuSeconds: machineCpuSeconds(),
  }
}

/** What happened between two readings of the same stack. */
export function useBetween(begin: Counters, end: Counters): Use {
  const seconds = (end.atMs - begin.atMs) / 1000
  return {
    nodes: [...end.nodes].map(([id, after]) => nodeUse(id, begin.nodes.get(id), after)),
    proxyCpuCores:
      begin.proxyCpuSeconds === null || end.proxyCpuSeconds === null
        ? null
        : (end.proxyCpuSeconds - begin.proxyCpuSeconds) / seconds,
    machineCpuCores: (end.machineCpuSeconds - begin.machineCpuSeconds) / seconds,
  }
}

function nodeUse(id: string, before: NodeCounters | undefined, after: NodeCounters): NodeUse {
  return {
    id,
    calls: after.calls - (before?.calls ?? 0),
    errors: after.errors - (before?.errors ?? 0),
    cpuCores: cores(before, after),
    capacityCores: after.capacityCores,
  }
}

/** Mean cores used, by the agent's own clock; null when a figure is missing or none was new. */
function cores(before: NodeCounters | undefined, after: NodeCounters): number | null {
  const fromSeconds = before?.cpuSeconds ?? null
  const fromMs = before?.cpuAtMs ?? null
  if (fromSeconds === null || fromMs === null) return null
  if (after.cpuSeconds === null || after.cpuAtMs === null || after.cpuAtMs <= fromMs) return null
  return (after.cpuSeconds - fromSeconds) / ((after.cpuAtMs - fromMs) / 1000)
}

function cpu(report: NodeReport | undefined): Omit<NodeCounters, 'calls' | 'errors'> {
  return {
    cpuSeconds: report?.raw.cpu_usage_s ?? null,
    cpuAtMs: report?.raw.at_ms ?? null,
    capacityCores: report?.cap.cpus ?? null,
  }
}

async function json(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return await response.json()
}
