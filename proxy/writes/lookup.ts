import { z } from 'zod'
import type { Message } from '../rpc/call.ts'
import { parseReply, type Reply } from '../rpc/reply.ts'
import { canonicalRequest } from '../rpc/request.ts'
import { cpuWork } from '../state/work.ts'
import { Cancellation } from '../upstream/attempt.ts'
import { numberOf } from '../upstream/block.ts'
import type { Upstream } from '../upstream/upstream.ts'
import type { BlockRef } from './entry.ts'

const work = cpuWork(0.16)

/** Ids of our own requests: each stands alone on its connection. */
const requestId = 1

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
  const reply = await replyTo(upstream, method, params, deadlineMs)
  if (reply === null || reply.kind === 'error') return undefined
  try {
    return JSON.parse(reply.body.toString('utf8', reply.start, reply.end))
  } catch {
    return undefined // A large answer is checked at both its ends alone; see reply.ts.
  }
}

/** What a node says to a question of the proxy's own; null where it says nothing. */
export function replyTo(
  upstream: Upstream,
  method: string,
  params: string,
  deadlineMs: number,
): Promise<Reply | null> {
  const head = `{"jsonrpc":"2.0","id":${requestId},"method":"${method}"`
  return replyOf(upstream, Buffer.from(`${head},"params":${params}}`), deadlineMs)
}

/** What a node says to a client's own question; null where it says nothing. */
export function repeated(
  upstream: Upstream,
  message: Message,
  deadlineMs: number,
): Promise<Reply | null> {
  return replyOf(upstream, canonicalRequest(message, requestId), deadlineMs)
}

async function replyOf(
  upstream: Upstream,
  request: Buffer,
  deadlineMs: number,
): Promise<Reply | null> {
  const reader = {
    read: (body: Buffer) => parseReply(body, requestId),
    mayFlow: false,
    open: () => null,
  }
  try {
    return await upstream.send(request, work, true, deadlineMs, new Cancellation(), reader)
  } catch {
    // The node's breaker and counts have taken note; whoever asks goes on to another node.
    return null
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
