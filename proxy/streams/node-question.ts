import { parseReply, type Reply } from '../rpc/reply.ts'
import { cpuWork } from '../state/work.ts'
import { Cancellation } from '../upstream/attempt.ts'
import type { Upstream } from '../upstream/upstream.ts'

/** What a question of our own costs a node, about: the header or the logs of one block. */
const work = cpuWork(0.5)

/**
 * Asks a node one thing of the proxy's own, over HTTP: its answer, an error too, or null where it
 * gives none in time. `params` is the JSON of an array.
 */
export async function askNode(
  upstream: Upstream,
  method: string,
  params: string,
  deadlineMs: number,
): Promise<Reply | null> {
  const request = Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"${method}","params":${params}}`)
  const reader = { read: (body: Buffer) => parseReply(body, 1), mayFlow: false, open: () => null }
  try {
    return await upstream.send(request, work, true, deadlineMs, new Cancellation(), reader)
  } catch {
    // The node's breaker and counts have taken note; whoever asks goes on to another node.
    return null
  }
}
