import { z } from 'zod'
import { type NodeReport, parseReport } from '../../agents/report.ts'
import { haproxyCounts } from './haproxy-counts.ts'
import { machineCpuSeconds, processCpuSeconds, stolenCpuSeconds } from './process-cpu.ts'
import { residentBytes } from './process-use.ts'

/** Where the counters of a stack are read. */
export type CounterSources = {
  readonly adminUrl: string
  readonly agentUrl: string
  /** Of the agent, and of the proxies that are not measured now. */
  readonly ownPids: readonly number[]
  /** Of Equipoise, or of what is measured in its place. */
  readonly proxyPid: number
  /** HAProxy's own counts, where it is what is measured; null: Equipoise's. */
  readonly statsUrl: string | null
}

/** Counters at one moment; a trial is the difference of two. What could not be read is null. */
export type Counters = {
  readonly atMs: number
  readonly nodes: ReadonlyMap<string, NodeCounters>
  readonly proxyCpuSeconds: number | null
  readonly proxyMemoryBytes: number | null
  /** Of these and of this process. */
  readonly ownCpuSeconds: number
  readonly machineCpuSeconds: number
  readonly stolenCpuSeconds: number
}

type NodeCounters = {
  readonly calls: number
  readonly errors: number
  readonly cpuSeconds: number | null
  readonly diskBytes: number | null
  readonly networkBytes: number | null
  /** When these were read, on the agent's clock. */
  readonly readAtMs: number | null
  readonly memoryBytes: number | null
  readonly capacityCores: number | null
}

/** What one node did in the measured window; null where its agent does not say. */
export type NodeUse = {
  readonly id: string
  readonly calls: number
  readonly errors: number
  readonly cpuCores: number | null
  /** Cores it may use, as its agent says. */
  readonly capacityCores: number | null
  /** At the end of the window. */
  readonly memoryBytes: number | null
  readonly diskBytesPerSecond: number | null
  readonly networkBytesPerSecond: number | null
}

/** What the fleet, the proxy and the machine did between two moments; CPU in cores. */
export type Use = {
  readonly nodes: readonly NodeUse[]
  readonly proxyCpuCores: number | null
  readonly proxyMemoryBytes: number | null
  readonly ownCpuCores: number
  readonly machineCpuCores: number
  /** Kept from this virtual machine by its host while a program wanted to run. */
  readonly stolenCpuCores: number
}

const timeoutMs = 5000

const fleetSchema = z.object({
  nodes: z.array(z.object({ id: z.string(), calls: z.number().min(0), errors: z.number().min(0) })),
})

/** @throws Error when the proxy's admin port or the agent does not answer as it should */
export async function readCounters(sources: CounterSources): Promise<Counters> {
  const { adminUrl, agentUrl, ownPids, proxyPid, statsUrl } = sources
  const { user, system } = process.cpuUsage()
  const [calls, state, proxyCpuSeconds, ownSeconds, proxyMemoryBytes] = await Promise.all([
    statsUrl === null ? json(`${adminUrl}/api/fleet`) : text(statsUrl),
    json(`${agentUrl}/v1/state`),
    processCpuSeconds(proxyPid),
    Promise.all(ownPids.map(processCpuSeconds)),
    residentBytes(proxyPid),
  ])
  const reports = new Map(parseReport(state).nodes.map((node) => [node.id, node]))
  const counts = statsUrl === null ? fleetSchema.parse(calls).nodes : haproxyCounts(String(calls))
  return {
    atMs: performance.now(),
    nodes: new Map(
      counts.map((count) => [count.id, { ...count, ...resources(reports.get(count.id)) }]),
    ),
    proxyCpuSeconds,
    proxyMemoryBytes,
    ownCpuSeconds: ownSeconds.reduce<number>((sum, one) => sum + (one ?? 0), (user + system) / 1e6),
    machineCpuSeconds: machineCpuSeconds(),
    stolenCpuSeconds: stolenCpuSeconds(),
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
    proxyMemoryBytes: end.proxyMemoryBytes,
    ownCpuCores: (end.ownCpuSeconds - begin.ownCpuSeconds) / seconds,
    machineCpuCores: (end.machineCpuSeconds - begin.machineCpuSeconds) / seconds,
    stolenCpuCores: (end.stolenCpuSeconds - begin.stolenCpuSeconds) / seconds,
  }
}

function nodeUse(id: string, before: NodeCounters | undefined, after: NodeCounters): NodeUse {
  const rate = (count: (one: NodeCounters) => number | null): number | null => {
    const from = before === undefined ? null : count(before)
    const to = count(after)
    const fromMs = before?.readAtMs ?? null
    if (from === null || to === null || fromMs === null) return null
    // By the agent's own clock; null when it has read nothing new.
    if (after.readAtMs === null || after.readAtMs <= fromMs) return null
    return (to - from) / ((after.readAtMs - fromMs) / 1000)
  }
  return {
    id,
    calls: after.calls - (before?.calls ?? 0),
    errors: after.errors - (before?.errors ?? 0),
    cpuCores: rate(({ cpuSeconds }) => cpuSeconds),
    capacityCores: after.capacityCores,
    memoryBytes: after.memoryBytes,
    diskBytesPerSecond: rate(({ diskBytes }) => diskBytes),
    networkBytesPerSecond: rate(({ networkBytes }) => networkBytes),
  }
}

function resources(report: NodeReport | undefined): Omit<NodeCounters, 'calls' | 'errors'> {
  return {
    cpuSeconds: report?.raw.cpu_usage_s ?? null,
    diskBytes: report?.raw.disk_bytes ?? null,
    networkBytes: report?.raw.net_bytes ?? null,
    readAtMs: report?.raw.at_ms ?? null,
    memoryBytes: report?.raw.mem_current ?? null,
    capacityCores: report?.cap.cpus ?? null,
  }
}

async function json(url: string): Promise<unknown> {
  return JSON.parse(await text(url))
}

async function text(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  return await response.text()
}
