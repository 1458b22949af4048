import { parseReply } from '../rpc/reply.ts'
import { cpuWork } from '../state/work.ts'
import { Cancellation } from '../upstream/attempt.ts'
import type { Upstream } from '../upstream/upstream.ts'

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

/** Whether the node has the transaction, in its pool or in a block. */
export async function isHeldBy(
  upstream: Upstream,
  hash: string,
  deadlineMs: number,
): Promise<boolean> {
  const found = await ask(upstream, 'eth_getTransactionByHash', `["${hash}"]`, deadlineMs)
  return typeof found === 'object' && found !== null
}
