import { z } from 'zod'
import { parseReply } from '../rpc/reply.ts'
import { cpuWork } from '../state/work.ts'
import { Cancellation } from '../upstream/attempt.ts'
import { numberOf } from '../upstream/block.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { BlockRef } from './entry.ts'

const work = cpuWork(0.16)

/**
 * Asks a node one thing of the proxy's own: the result as JSON, or undefined where it gives none,
 * be it an error, silence or nonsense. `params` is the JSON of an array.
 */
export async function ask(
  upstream: Upstream,
  method: string,
  params: string,
  deadlineMs: number,
): Promise<unknown> {
  const request = Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`)
  const reader = { read: (body: Buffer) => parseReply(body, 1), mayFlow: false, open: () => null }
  try {
    const cancellation = new Cancellation()
    const reply = await upstream.send(request, work, true, deadlineMs, cancellation, reader)
    if (reply.kind === 'error') return undefined
    return JSON.parse(reply.body.toString('utf8', reply.start, reply.end))
  } catch {
    // The node's breaker and counts have taken note; whoever asks goes on to another node.
    return undefined
  }
}

const transaction = z.object({
  hash: z.string(),
  blockNumber: z.string().nullish(),
  blockHash: z.string().nullish(),
})

/** Where the node has the transaction: in a block, or in its pool (null); null where it has it not. */
export async function foundOn(
  upstream: Upstream,
  hash: string,
  deadlineMs: number,
): Promise<{ readonly block: BlockRef | null } | null> {
  const found = await ask(upstream, 'eth_getTransactionByHash', `["${hash}"]`, deadlineMs)
  const { data } = transaction.safeParse(found)
  if (data === undefined) return null
  const number = numberOf(data.blockNumber)
  if (number === null || typeof data.blockHash !== 'string') return { block: null }
  return { block: { number, hash: data.blockHash.toLowerCase() } }
}
