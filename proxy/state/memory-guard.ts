import type { NodeReport } from '../../agents/report.ts'

/** Share of the time in which some task waits for memory, above which a node is thrashing. */
const mostPressure = 0.2

/** Share of the limit in use, above which the kernel is about to kill. */
const mostUse = 0.97

/**
 * Whether the node is so short of memory that it should be sent nothing while another can take it:
 * some task waits for memory for more than 20 % of the time, or more than 97 % of the limit is in
 * use. Memory is no axis of the distance: what a node holds says nothing of how long a call takes
 * there, until it is all held. Unknown is not short.
 */
export function isShortOfMemory({ x }: NodeReport): boolean {
  return (x.mem_pressure ?? 0) > mostPressure || (x.memory ?? 0) > mostUse
}
