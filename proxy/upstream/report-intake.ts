import type { Capacity, NodeReport } from '../../agents/report.ts'

/**
 * How a report came: read from the agent's stream, pushed by the agent, or with an answer of the
 * node itself. In this order: who tells more is heard first.
 */
export type ReportSource = 'pulled' | 'pushed' | 'orca'

const ranks: Readonly<Record<ReportSource, number>> = { pulled: 2, pushed: 1, orca: 0 }

/** A better source that has said nothing for so long has no say any more, milliseconds. */
const silenceMs = 5_000

/** Whom reports are about: an upstream, as far as they change it. */
export type Reported = {
  lastReport: NodeReport | null
  reportedAtMs: number
  reportedFrom: { readonly source: ReportSource; readonly atMs: number } | null
  capacity: Capacity | null
  readonly meter: { report(report: NodeReport, sentWallMs?: number): void }
}

/** The nodes of a report by id and by name; an id counts before a name, and the first of two. */
export class NamedReports {
  readonly #byName = new Map<string, NodeReport>()

  constructor(nodes: readonly NodeReport[]) {
    for (const node of nodes.toReversed()) this.#byName.set(node.name, node)
    for (const node of nodes.toReversed()) this.#byName.set(node.id, node)
  }

  /** What is said of the node that goes by one of these names. */
  of(names: readonly string[]): NodeReport | undefined {
    for (const name of names) {
      const node = this.#byName.get(name)
      if (node !== undefined) return node
    }
    return undefined
  }
}

/**
 * Hands a report to the node that it is about. One source speaks for a node at a time: figures of
 * two, read at different moments by different clocks, would contradict each other.
 * @param nowMs when it came in, by which it ages
 * @param sentWallMs the agent's wall clock when it was written, where it says so
 * @returns whether it was taken: not while a better source speaks
 */
export function takeReport(
  upstream: Reported,
  report: NodeReport,
  source: ReportSource,
  nowMs: number,
  sentWallMs?: number,
): boolean {
  const { reportedFrom: last } = upstream
  if (last !== null && ranks[last.source] > ranks[source] && nowMs - last.atMs < silenceMs) {
    return false
  }
  upstream.reportedFrom = { source, atMs: nowMs }
  upstream.lastReport = report
  upstream.reportedAtMs = nowMs - report.age
  if (Object.keys(report.cap).length > 0) upstream.capacity = report.cap
  upstream.meter.report(report, sentWallMs)
  return true
}
