import { z } from 'zod'
import { type NodeReport, parseReport } from '../agents/report.ts'

/** Goes up when a line changes its meaning; new fields do not raise it. */
export const recordVersion = 1

/** Milliseconds since the record began, on the proxy's own clock. */
const t = z.number().min(0)
const ms = z.number().min(0)

const nodeReport = z.unknown().transform((value, context): NodeReport => {
  try {
    const nodes = [value]
    const line = { v: 1, host: 'record', seq: 0, t: 0, interval: 1, nodes }
    const [report] = parseReport(line).nodes
    if (report !== undefined) return report
  } catch (error) {
    context.addIssue({ code: 'custom', message: String(error) })
  }
  return z.NEVER
})

/**
 * One line of a record (NDJSON), by its `k`. What `--record FILE` writes and a replay reads. Lines
 * stand in the order in which they were written: a `call` when it ended, so that its `t` may lie
 * before that of the line above.
 */
export const recordLine = z.discriminatedUnion('k', [
  /** The first line. `wall` is the wall clock at its `t` of 0, ms since 1970. */
  z.object({
    k: z.literal('start'),
    v: z.literal(recordVersion),
    t,
    wall: z.number(),
    strategy: z.string(),
    nodes: z.array(z.object({ id: z.string(), cores: z.number().positive().nullable() })),
  }),
  /** From now on calls are placed by another strategy. */
  z.object({ k: z.literal('strategy'), t, strategy: z.string() }),
  /** From now on calls may go to one more node, or to one that was gone. */
  z.object({
    k: z.literal('join'),
    t,
    node: z.string(),
    cores: z.number().positive().nullable(),
  }),
  /** From now on no call goes to this node. */
  z.object({ k: z.literal('leave'), t, node: z.string() }),
  /**
   * One try of a call at one node, or of a call that waited in vain (`node` null). It came to be
   * placed at `t`, with `among` nodes to choose from, was sent `heldMs` later and ended `tookMs`
   * after that. `out` are the other nodes of the fleet: down, behind, full, draining, short of memory or
   * tried before; absent where there are none. `cpuMs` and `diskMs` are what it was taken to cost when it ended.
   */
  z.object({
    k: z.literal('call'),
    t,
    key: z.string(),
    kind: z.enum(['read', 'write', 'background']),
    cpuMs: ms,
    diskMs: ms,
    among: z.int().min(0),
    out: z.array(z.string()).optional(),
    node: z.string().nullable(),
    heldMs: ms,
    tookMs: ms,
    failed: z.boolean(),
  }),
  /** An agent reported of `node`; `sent` is the agent's wall clock then, ms since 1970. */
  z.object({ k: z.literal('report'), t, node: z.string(), sent: z.number(), report: nodeReport }),
  /** The last line of a record that grew to its limit, or lost `lines` because the disk was slow. */
  z.object({ k: z.literal('full'), t, lines: z.int().min(0) }),
])

export type RecordLine = z.output<typeof recordLine>

/**
 * Reads one line of a record.
 * @throws z.ZodError or SyntaxError when it is none
 */
export function parseRecordLine(text: string): RecordLine {
  return recordLine.parse(JSON.parse(text))
}
