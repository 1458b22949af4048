import { setTimeout as pause } from 'node:timers/promises'
import type { Exchange } from '../exchange.ts'
import type { Reply } from '../rpc/reply.ts'
import type { Fleet } from '../upstream/fleet.ts'
import type { Journal } from './journal.ts'
import { replyTo } from './lookup.ts'
import { isMissing } from './recall.ts'

/** go-ethereum/eth/ethconfig, TxSyncDefaultTimeout. */
const waitMs = 20_000

/** How often the journal is looked at, milliseconds. */
const lookEveryMs = 25

/**
 * What Geth answers to `eth_sendRawTransactionSync` once the transaction is accepted: its receipt, or
 * that no block had it in time, with the hash as data.
 */
export async function receiptOf(
  fleet: Fleet,
  journal: Journal,
  hash: string,
  exchange: Exchange,
  nowMs: () => number,
): Promise<Reply> {
  const deadlineMs = nowMs() + waitMs
  while (nowMs() < deadlineMs && !exchange.cancellation.isCancelled) {
    const block = journal.find(hash)?.block ?? null
    for (const upstream of block === null ? [] : fleet.view.readers) {
      if (block !== null && (upstream.head ?? 0) < block.number) continue
      const reply = await replyTo(upstream, 'eth_getTransactionReceipt', `["${hash}"]`, deadlineMs)
      if (reply?.kind === 'result' && !isMissing(reply)) return reply
    }
    await pause(lookEveryMs)
  }
  const message = `The transaction was added to the transaction pool but wasn't processed in ${waitMs / 1000}s`
  const body = Buffer.from(JSON.stringify({ code: 4, message, data: hash }))
  return { kind: 'error', body, start: 0, end: body.length }
}
