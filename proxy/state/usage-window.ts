import type { NodeReport } from '../../agents/report.ts'

/** What a node did between two of its reports. Null where the agent does not say. */
export type Usage = {
  readonly kind: 'window'
  /** Length of the window, ms above 0. */
  readonly dtMs: number
  /** Mean cores in use, by whomever. */
  readonly cores: number | null
  /** Share of its disk in use, in [0, 1]. */
  readonly disk: number | null
  /** Share of the time in which some task waited for CPU, or all for the disk. */
  readonly cpuPressure: number | null
  readonly ioPressure: number | null
}

/** `first`: no window ends here. `stale`: the figures are those of the report before. */
export type Window = Usage | { readonly kind: 'first' } | { readonly kind: 'stale' }

const first: Window = { kind: 'first' }
const stale: Window = { kind: 'stale' }

/** A window that no agent tells the length of is as long as the time between two lines, at most so. */
const longestMs = 60_000

/**
 * Makes windows of reports. Counters only grow, so a lost report widens a window; a counter that
 * went back was begun anew and makes none; a report with the figures of the last one is no news.
 */
export class UsageWindows {
  #reportedAtMs: number | null = null
  #atMs: number | null = null
  #usageS: number | null = null

  /** The window that ends with `report`. */
  take(report: NodeReport, nowMs: number): Window {
    const { x, cap, raw } = report
    const before = { reportedAtMs: this.#reportedAtMs, atMs: this.#atMs, usageS: this.#usageS }
    const atMs = raw.at_ms ?? null
    if (atMs !== null && atMs === before.atMs) return stale
    this.#reportedAtMs = nowMs
    this.#atMs = atMs
    this.#usageS = raw.cpu_usage_s ?? null
    const agentsDtMs = atMs === null || before.atMs === null ? null : atMs - before.atMs
    if (agentsDtMs !== null && agentsDtMs <= 0) return first
    const ownDtMs = before.reportedAtMs === null ? null : nowMs - before.reportedAtMs
    const dtMs = agentsDtMs ?? ownDtMs
    if (dtMs === null || !(dtMs > 0) || dtMs > longestMs) return first
    return {
      kind: 'window',
      dtMs,
      cores: coresOf(before.usageS, this.#usageS, dtMs) ?? smoothCores(x.cpu, cap.cpus),
      disk: x.disk ?? null,
      cpuPressure: x.cpu_pressure ?? null,
      ioPressure: x.io_pressure ?? null,
    }
  }

  /** The next report begins anew. */
  reset(): void {
    this.#reportedAtMs = null
    this.#atMs = null
    this.#usageS = null
  }
}

function coresOf(beforeS: number | null, nowS: number | null, dtMs: number): number | null {
  if (beforeS === null || nowS === null || nowS < beforeS) return null
  return ((nowS - beforeS) * 1000) / dtMs
}

/** The agent's own smoothed figure, for want of a counter. */
function smoothCores(share: number | undefined, cpus: number | undefined): number | null {
  return share === undefined || cpus === undefined ? null : share * cpus
}
