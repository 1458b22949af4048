import type { Message } from '../rpc/call.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Upstream } from '../upstream/upstream.ts'
import { broadcast, sendRequest } from './broadcast.ts'
import type { Entry } from './entry.ts'
import { repeated } from './lookup.ts'

/** Nodes that are slow to take it back are not waited for, milliseconds. */
const graceMs = 500

/** Lookups of one transaction by its hash. A receipt is there only once it is mined. */
const lookups = new Set([
  'eth_getTransactionByHash',
  'eth_getRawTransactionByHash',
  'eth_getTransactionReceipt',
])

/** Whether `method` asks for a transaction by its hash. */
export function isLookup(method: string): boolean {
  return lookups.has(method)
}

/** Whether a node answered that it does not have what was looked up. */
export function isMissing({ kind, body, start, end }: Reply): boolean {
  if (kind === 'error' || end - start !== 4) return false
  const text = body.toString('latin1', start, end)
  return text === 'null' || text === '"0x"'
}

/** Whether the node's `missing` cannot be the fleet's answer, for the journal knows better. */
export function isOwed({ state }: Entry, method: string): boolean {
  return state === 'mined' || (state === 'pending' && method !== 'eth_getTransactionReceipt')
}

/**
 * Asks again for what was accepted and is said to be missing: the node that had it died before the
 * others got it, or those asked are behind. While no block holds it the fleet is given it once more.
 * @returns what a node says that has it, or `missing`
 */
export async function recalled(
  fleet: Fleet,
  entry: Entry,
  message: Message,
  missing: Reply,
  deadlineMs: number,
): Promise<Reply> {
  const { readers } = fleet.view
  let first: Upstream | null = null
  if (entry.state === 'pending') {
    const outcomes = await broadcast(readers, sendRequest(entry.raw), deadlineMs, graceMs)
    const holding = outcomes.find(({ kind }) => kind === 'accepted' || kind === 'known')
    first = holding?.upstream ?? null
  }
  for (const upstream of byRank(readers, first, entry)) {
    const reply = await repeated(upstream, message, deadlineMs)
    if (reply?.kind === 'result' && !isMissing(reply)) return reply
  }
  return missing
}

/** Who has it first, then who has its block, then the others. */
function byRank(
  readers: readonly Upstream[],
  first: Upstream | null,
  { block }: Entry,
): readonly Upstream[] {
  const rank = (upstream: Upstream): number => {
    if (upstream === first) return 0
    return (upstream.head ?? 0) >= (block?.number ?? 0) ? 1 : 2
  }
  return readers.toSorted((one, other) => rank(one) - rank(other))
}
