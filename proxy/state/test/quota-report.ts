import type { NodeReport } from '../../../agents/report.ts'

/** The agent's wall clock when ours shows 0. */
export const wallAtZeroMs = 1_795_000_000_000

/** A report as an agent makes it at `atMs` of our clock, of a node that has used so much CPU. */
export function reportOf(
  atMs: number,
  cpuUsageS: number,
  but: Partial<NodeReport> = {},
): NodeReport {
  return {
    id: 'a',
    name: 'a',
    x: { cpu: 0.2, cpu_pressure: 0.05 },
    cap: { cpus: 0.3 },
    raw: { at_ms: atMs + 77_000, cpu_usage_s: cpuUsageS },
    src: 'cgroup2',
    age: 0,
    ...but,
  }
}

/** The same with 30 ms in each 100 ms, periods beginning at 0. */
export function quotaReportOf(atMs: number, cpuUsageS: number): NodeReport {
  const report = reportOf(atMs, cpuUsageS)
  const raw = { quota_s: 0.03, period_s: 0.1, period_start_ms: wallAtZeroMs }
  return { ...report, raw: { ...report.raw, ...raw } }
}
